"""The tree that html5lib builds here: nodes in the order of the Standard, with adjacent texts kept apart as it says."""

from html5lib.constants import namespaces
from html5lib.treebuilders import base

PREFIXES = {namespaces["xlink"]: "xlink:", namespaces["xml"]: "xml:", namespaces["xmlns"]: "xmlns:"}


class Node(base.Node):
    """An element, text, comment, document type or document. `shown` is its text in a list of nodes."""

    def __init__(self, name, namespace=None, shown=None):
        super().__init__(name)
        self.namespace = namespace
        self.nameTuple = (namespace or namespaces["html"], name)
        self.attributes = {}
        self.shown = shown or f"<{name}>"

    def place(self, node, at):
        if node.parent is not None:
            node.parent.removeChild(node)
        self.childNodes.insert(at, node)
        node.parent = self

    def appendChild(self, node):
        self.place(node, len(self.childNodes))

    def insertBefore(self, node, refNode):
        self.place(node, len(self.childNodes) if refNode is None else self.index(refNode))

    def insertText(self, data, insertBefore=None):
        at = len(self.childNodes) if insertBefore is None else self.index(insertBefore)
        before = self.childNodes[at - 1] if at > 0 else None
        if before is not None and before.name == "#text":
            before.shown += data
        else:
            self.place(Node("#text", shown=data), at)

    def removeChild(self, node):
        del self.childNodes[self.index(node)]
        node.parent = None

    def reparentChildren(self, newParent):
        for child in list(self.childNodes):
            newParent.appendChild(child)

    def cloneNode(self):
        copy = Node(self.name, self.namespace)
        copy.attributes = dict(self.attributes)
        return copy

    def hasContent(self):
        return bool(self.childNodes)

    def index(self, node):
        return next(at for at, child in enumerate(self.childNodes) if child is node)


class Tree(base.TreeBuilder):
    elementClass = Node

    @staticmethod
    def documentClass():
        return Node("#document")

    @staticmethod
    def commentClass(data):
        return Node("#comment", shown=f"<!--{data}-->")

    @staticmethod
    def doctypeClass(name, public_id, system_id):
        return Node("#doctype", shown=f"<!DOCTYPE {name or ''}>")

    def nodes(self):
        """Returns the document as a list of depths and nodes, with the attributes of an element sorted behind it."""
        found, waiting = [], [(0, node) for node in reversed(self.document.childNodes)]
        while waiting:
            depth, node = waiting.pop()
            found.append((depth, f'"{node.shown}"' if node.name == "#text" else node.shown))
            found += sorted((depth + 1, f'{attribute_name(name)}="{value}"') for name, value in node.attributes.items())
            waiting += [(depth + 1, child) for child in reversed(node.childNodes)]
        return found


def attribute_name(name):
    """Names an attribute. html5lib's names in foreign elements are tuples of prefix, name and namespace."""
    if not isinstance(name, tuple):
        return name
    prefix = PREFIXES.get(name[2], "")
    return "xmlns" if (prefix, name[1]) == ("xmlns:", "xmlns") else prefix + name[1]
