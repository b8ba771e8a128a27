"""html5lib 1.1, corrected where it follows an older HTML Standard.

html5lib 1.1 is of 2020. Each class or method here is a rule that it lacks or has differently, and names the section of the
Standard. A method that is used adds its rule to `used`. `docs/html.md` lists the rules. html5lib's own code decides
everything else.
"""

import re

from html5lib import _tokenizer, html5parser
from html5lib.constants import (
    htmlIntegrationPointElements,
    mathmlTextIntegrationPointElements,
    namespaces,
    specialElements,
    tokenTypes,
)
from html5lib.html5parser import getPhases, impliedTagToken
from html5lib.treebuilders import base

from html5lib_tree import Node, Tree

HTML = namespaces["html"]
PHASES = getPhases(False)
FRAMESETS = ("inFrameset", "afterFrameset", "afterAfterFrameset")
TEXTS = (tokenTypes["Characters"], tokenTypes["SpaceCharacters"])

# 13.2.4.2, "special" elements.
SPECIAL = specialElements - {(HTML, "isindex"), (HTML, "command")} | {
    (HTML, name) for name in ("figcaption", "header", "hgroup", "keygen", "main", "search", "source", "summary", "track")
} | {
    (namespaces["mathml"], name) for name in ("mi", "mo", "mn", "ms", "mtext", "annotation-xml")
} | {
    (namespaces["svg"], name) for name in ("foreignObject", "desc", "title")
}
# 13.2.4.2, "has an element in scope": a `select` ends a scope.
SCOPING = {
    variant: (elements | {(HTML, "select")} if variant in (None, "button", "list") else elements, invert)
    for variant, (elements, invert) in base.listElementsMap.items()
}
# 13.2.6.3, "generate implied end tags".
# 13.2.4.1: the insertion mode of an element. The head is closed when a document resets its insertion mode.
MODES = {
    "td": "inCell", "th": "inCell", "tr": "inRow", "tbody": "inTableBody", "thead": "inTableBody", "tfoot": "inTableBody",
    "caption": "inCaption", "colgroup": "inColumnGroup", "table": "inTable", "body": "inBody", "frameset": "inFrameset",
    "html": "afterHead",
}
IMPLIED = frozenset(("dd", "dt", "li", "optgroup", "option", "p", "rb", "rp", "rt", "rtc"))


class ForeignName(str):
    """The name of an SVG or MathML element. It is not the name of an HTML element with the same letters."""

    __hash__ = str.__hash__
    was_taken_for_html = False

    def __eq__(self, other):
        if not str.__eq__(self, other) or isinstance(other, ForeignName) or other == "annotation-xml":
            return str.__eq__(self, other)
        ForeignName.was_taken_for_html = True
        return False

    def __ne__(self, other):
        return not self == other


class CorrectedTree(Tree):
    @staticmethod
    def elementClass(name, namespace):
        node = Node(name, namespace)
        if namespace != HTML:
            node.name = ForeignName(name)
        return node

    def elementInScope(self, target, variant=None):
        exact = hasattr(target, "nameTuple")
        elements, invert = SCOPING[variant]
        for node in reversed(self.openElements):
            if node is target if exact else node.nameTuple == (HTML, target):
                return True
            if invert ^ (node.nameTuple in elements):
                return False
        raise AssertionError("the root ends every scope")

    def generateImpliedEndTags(self, exclude=None):
        while self.openElements[-1].name in IMPLIED and self.openElements[-1].name != exclude:
            self.openElements.pop()


class Tokenizer(_tokenizer.HTMLTokenizer):
    def __iter__(self):
        parser = self.parser
        for token in super().__iter__():
            if token["type"] != tokenTypes["ParseError"] and parser.ignores_line_feed:
                # 13.2.6.4.7: the line feed after `<pre>` is dropped if it is the next token, in any insertion mode.
                parser.ignores_line_feed = False
                if parser.phase is not parser.phases["inBody"] or token["type"] not in TEXTS:
                    parser.used.add("line feed after pre")
                if token["type"] in TEXTS and token["data"].startswith("\n"):
                    token["data"] = token["data"][1:]
                    if not token["data"]:
                        continue
            if token["type"] == tokenTypes["Characters"] and token["data"] != "\0":
                # 13.2.6: each character is a token. html5lib judges the first character of a text only.
                parts = re.findall(r"[ \t\n\f\r]+|[^ \t\n\f\r]+", token["data"])
                if len(parts) > 1 and parser.phase in [parser.phases[name] for name in FRAMESETS]:
                    parser.used.add("white space in framesets")
                for part in parts:
                    kind = "SpaceCharacters" if part[0] in " \t\n\f\r" else "Characters"
                    yield {"type": tokenTypes[kind], "data": part}
            else:
                yield token


class InBody(PHASES["inBody"]):
    __slots__ = ()

    def processStartTag(self, token):
        corrected = self.STARTS.get(token["name"])
        return corrected(self, token) if corrected else super().processStartTag(token)

    def processEndTag(self, token):
        corrected = self.ENDS.get(token["name"])
        if corrected is None and token["name"] not in type(self).endTagHandler:
            corrected = InBody.endTagOther
        return corrected(self, token) if corrected else super().processEndTag(token)

    def use(self, rule):
        self.parser.used.add(rule)

    def is_special(self, node):
        special = node.nameTuple in SPECIAL
        if special != (node.nameTuple in specialElements):
            self.use("special elements")
        return special

    def close_p(self):
        if self.tree.elementInScope("p", variant="button"):
            self.endTagP(impliedTagToken("p"))

    def pop_until(self, name):
        while self.tree.openElements.pop().nameTuple != (HTML, name):
            pass

    # 13.2.6.4.7: the `search` and `dialog` elements are blocks.

    def start_block(self, token):
        self.use("new blocks")
        self.startTagCloseP(token)

    def end_block(self, token):
        self.use("new blocks")
        self.endTagBlock(token)

    # 13.2.6.4.7: no start tag has a meaning of its own that was removed from the Standard.

    def start_plain(self, token):
        self.use("removed elements")
        self.startTagOther(token)

    # 13.2.6.4.7: `pre`, `listing` and `textarea` drop the next line feed.

    def start_pre(self, token):
        self.startTagPreListing(token)
        self.processSpaceCharacters = self.processSpaceCharactersNonPre
        self.parser.ignores_line_feed = True

    def start_textarea(self, token):
        self.use("text of a textarea")
        self.startTagTextarea(token)
        # html5lib lacks "switch the insertion mode to text" here.
        self.parser.originalPhase = self.parser.phase
        self.parser.phase = self.parser.phases["text"]
        self.processSpaceCharacters = self.processSpaceCharactersNonPre
        self.parser.ignores_line_feed = True

    # 13.2.6.4.7: the rules of `ruby`.

    def start_rb(self, token):
        self.use("ruby")
        if self.tree.elementInScope("ruby"):
            self.tree.generateImpliedEndTags()
        self.tree.insertElement(token)

    def start_rt(self, token):
        self.use("ruby")
        if self.tree.elementInScope("ruby"):
            self.tree.generateImpliedEndTags(exclude="rtc")
        self.tree.insertElement(token)

    # 13.2.6.4.7: the content of a `select` is parsed in the insertion mode "in body".

    def start_select(self, token):
        self.use("select")
        if self.tree.elementInScope("select"):
            self.pop_until("select")
            return
        self.tree.reconstructActiveFormattingElements()
        self.tree.insertElement(token)
        self.parser.framesetOK = False

    def start_option(self, token):
        self.use("select")
        if self.tree.elementInScope("select"):
            self.tree.generateImpliedEndTags(exclude="optgroup" if token["name"] == "option" else None)
        elif self.tree.openElements[-1].nameTuple == (HTML, "option"):
            self.tree.openElements.pop()
        self.tree.reconstructActiveFormattingElements()
        self.tree.insertElement(token)

    def start_hr(self, token):
        self.close_p()
        if self.tree.elementInScope("select"):
            self.use("select")
            self.tree.generateImpliedEndTags()
        self.startTagHr(token)

    def start_input(self, token):
        if self.tree.elementInScope("select"):
            self.use("select")
            self.pop_until("select")
        self.startTagInput(token)

    def end_select(self, token):
        self.use("select")
        self.endTagBlock(token)

    # 13.2.6.4.7: a `button` closes another one. html5lib forgets the new one in a table.

    def start_button(self, token):
        if self.tree.elementInScope("button"):
            self.use("button in a table")
            self.tree.generateImpliedEndTags()
            self.pop_until("button")
        self.startTagButton(token)

    # 13.2.6.4.7: `</br>` is a `<br>`, after which no frameset is allowed.

    def end_br(self, token):
        self.use("</br>")
        self.endTagBr(token)
        self.parser.framesetOK = False

    # 13.2.6.4.7, "any other end tag": compares HTML elements only.

    def endTagOther(self, token):
        for node in reversed(self.tree.openElements):
            if node.nameTuple == (HTML, token["name"]):
                self.tree.generateImpliedEndTags(exclude=token["name"])
                while self.tree.openElements.pop() is not node:
                    pass
                return
            if node.name == token["name"]:
                self.use("end tags in foreign elements")
            if self.is_special(node):
                return

    # 13.2.6.4.7: a list item or definition closes others up to a special element.

    def startTagListItem(self, token):
        if self.parser.phase is not self:
            self.use("list items in a table")
        self.parser.framesetOK = False
        names = ("li",) if token["name"] == "li" else ("dd", "dt")
        for node in reversed(self.tree.openElements):
            if node.namespace == HTML and node.name in names:
                self.tree.generateImpliedEndTags(exclude=node.name)
                self.pop_until(node.name)
                break
            if self.is_special(node) and node.nameTuple not in ((HTML, it) for it in ("address", "div", "p")):
                break
        self.close_p()
        self.tree.insertElement(token)

    # 13.2.6.4.7, "the adoption agency algorithm".

    def endTagFormatting(self, token):
        tree, subject = self.tree, token["name"]
        stack, formats = tree.openElements, tree.activeFormattingElements
        if stack[-1].nameTuple == (HTML, subject) and not has(formats, stack[-1]):
            self.use("adoption agency")
            stack.pop()
            return
        for _ in range(8):
            formatting = tree.elementInActiveFormattingElements(subject)
            if not formatting:
                return self.endTagOther(token)
            if not has(stack, formatting):
                remove(formats, formatting)
                return
            if not tree.elementInScope(formatting):
                self.use("adoption agency")
                return
            at = place(stack, formatting)
            block = next((node for node in stack[at:] if self.is_special(node)), None)
            if block is None:
                del stack[at:]
                remove(formats, formatting)
                return
            self.adopt(stack, formats, formatting, block)

    def adopt(self, stack, formats, formatting, block):
        tree, ancestor = self.tree, stack[place(stack, formatting) - 1]
        bookmark, last, counter = place(formats, formatting), block, 0
        above = place(stack, block)
        while True:
            counter += 1
            above -= 1
            node = stack[above]
            if node is formatting:
                break
            if counter > 3:
                self.use("adoption agency")
            if counter > 3 and has(formats, node):
                at = place(formats, node)
                bookmark -= at < bookmark
                del formats[at]
            if not has(formats, node):
                del stack[above]
                continue
            clone = node.cloneNode()
            formats[place(formats, node)] = stack[above] = clone
            if last is block:
                bookmark = place(formats, clone) + 1
            clone.appendChild(last)
            last = clone
        if last.parent is not None:
            last.parent.removeChild(last)
        if ancestor.namespace == HTML and ancestor.name in ("table", "tbody", "tfoot", "thead", "tr"):
            parent, before = tree.getTableMisnestedNodePosition()
            parent.insertBefore(last, before)
        else:
            ancestor.appendChild(last)
        clone = formatting.cloneNode()
        block.reparentChildren(clone)
        block.appendChild(clone)
        at = place(formats, formatting)
        bookmark -= self.parser.moves_bookmark and at < bookmark
        del formats[at]
        list.insert(formats, bookmark, clone)
        remove(stack, formatting)
        stack.insert(place(stack, block) + 1, clone)

    STARTS = {
        "dialog": start_block, "search": start_block, "isindex": start_plain, "command": start_plain,
        "button": start_button, "pre": start_pre, "listing": start_pre, "textarea": start_textarea,
        "rb": start_rb, "rtc": start_rb, "rp": start_rt, "rt": start_rt,
        "select": start_select, "option": start_option, "optgroup": start_option, "hr": start_hr, "input": start_input,
        "li": startTagListItem, "dd": startTagListItem, "dt": startTagListItem,
    }
    ENDS = {"br": end_br, "search": end_block, "select": end_select} | dict.fromkeys(
        ("a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"), endTagFormatting
    )


def with_spaces_as_in_body(name):
    """13.2.6.4.11 and 13.2.6.4.15: white space follows the rules of "in body", which reconstruct formatting elements."""

    class Corrected(PHASES[name]):
        __slots__ = ()

        def processSpaceCharacters(self, token):
            self.parser.used.add("white space in cells and captions")
            return self.parser.phases["inBody"].processSpaceCharacters(token)

    return Corrected


class InForeignContent(PHASES["inForeignContent"]):
    """13.2.6.5: `</p>` and `</br>` leave foreign elements."""

    __slots__ = ()

    def processEndTag(self, token):
        if token["name"] not in ("br", "p"):
            return super().processEndTag(token)
        self.parser.used.add("end tags in foreign elements")
        while self.tree.openElements[-1].namespace != HTML:
            here = self.tree.openElements[-1]
            if self.parser.isHTMLIntegrationPoint(here) or self.parser.isMathMLTextIntegrationPoint(here):
                break
            self.tree.openElements.pop()
        return self.parser.phase.processEndTag(token)


class InTable(PHASES["inTable"]):
    """13.2.6.4.9: only text whose parent belongs to a table is text in a table."""

    __slots__ = ()

    def text(self, method, token):
        if self.tree.openElements[-1].name in ("table", "tbody", "tfoot", "thead", "tr"):
            return getattr(super(), method)(token)
        self.parser.used.add("text in an element in a table")
        self.tree.insertFromTable = True
        getattr(self.parser.phases["inBody"], method)(token)
        self.tree.insertFromTable = False

    def processCharacters(self, token):
        return self.text("processCharacters", token)

    def processSpaceCharacters(self, token):
        return self.text("processSpaceCharacters", token)


class InTableText(PHASES["inTableText"]):
    """13.2.6.4.10: a document type ends a run of text."""

    __slots__ = ()

    def processDoctype(self, token):
        self.parser.used.add("document type in a table")
        self.flushCharacters()
        self.parser.phase = self.originalPhase
        return token


class Parser(html5parser.HTMLParser):
    def __init__(self, moves_bookmark=True):
        super().__init__(CorrectedTree)
        self.moves_bookmark = moves_bookmark
        corrected = {"inBody": InBody, "inForeignContent": InForeignContent, "inTable": InTable, "inTableText": InTableText}
        corrected |= {name: with_spaces_as_in_body(name) for name in ("inCaption", "inCell")}
        self.phases.update({name: phase(self, self.tree) for name, phase in corrected.items()})
        self.used, self.ignores_line_feed = set(), False

    def _parse(self, stream, innerHTML=False, container="div", scripting=False, **options):
        self.innerHTMLMode, self.container, self.scripting = innerHTML, container, scripting
        self.tokenizer = Tokenizer(stream, parser=self, **options)
        self.reset()
        ForeignName.was_taken_for_html = False
        self.mainLoop()
        if ForeignName.was_taken_for_html:
            self.used.add("names of foreign elements")

    def isHTMLIntegrationPoint(self, element):
        if element.nameTuple == (namespaces["mathml"], "annotation-xml"):
            return element.attributes.get("encoding", "").lower() in ("text/html", "application/xhtml+xml")
        return element.nameTuple in htmlIntegrationPointElements

    def isMathMLTextIntegrationPoint(self, element):
        return element.nameTuple in mathmlTextIntegrationPointElements

    def adjustSVGAttributes(self, token):
        """13.2.6.1, "adjust SVG attributes": four attributes are no longer in the table."""
        removed = {"contentscripttype", "contentstyletype", "externalresourcesrequired", "filterres"} & token["data"].keys()
        super().adjustSVGAttributes(token)
        if removed:
            self.used.add("attributes of SVG")
            token["data"] = type(token["data"])(
                (name.lower() if name.lower() in removed else name, value) for name, value in token["data"].items()
            )

    def resetInsertionMode(self):
        """13.2.4.1, "reset the insertion mode appropriately": a `select` has no insertion mode."""
        for node in reversed(self.tree.openElements):
            if node.namespace == HTML and node.name in MODES:
                self.phase = self.phases[MODES[node.name]]
                return


def has(nodes, node):
    return any(it is node for it in nodes)


def place(nodes, node):
    return next(at for at, it in enumerate(nodes) if it is node)


def remove(nodes, node):
    del nodes[place(nodes, node)]
