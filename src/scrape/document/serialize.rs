//! Turns a document into markup with html5ever's serializer, so that there is only one set of escaping rules (WHATWG
//! HTML, 13.3).

use std::io::Result;
use std::ops::Range;
use std::sync::LazyLock;

use html5ever::serialize::{HtmlSerializer, SerializeOpts, Serializer, TraversalScope};
use html5ever::{LocalName, QualName};

use super::known::TEXTS;
use super::{Dom, Kind, Name};

/// The known names in the form that html5ever uses.
static KNOWN_NAMES: LazyLock<Vec<LocalName>> = LazyLock::new(|| TEXTS.iter().copied().map(LocalName::from).collect());

impl Dom {
    /// Returns the markup of a node and everything below it. For the document node, this is the whole page. The markup
    /// of a document of XML is XML.
    pub(crate) fn outer_html(&self, at: u32) -> String {
        if self.is_xml {
            return self.outer_xml(at);
        }
        self.html(self.subtree(at), TraversalScope::IncludeNode)
    }

    /// Returns the markup of everything below a node.
    pub(crate) fn inner_html(&self, at: u32) -> String {
        if self.is_xml {
            return self.inner_xml(at);
        }
        self.html(self.descendants(at), TraversalScope::ChildrenOnly(None))
    }

    fn html(&self, range: Range<u32>, traversal_scope: TraversalScope) -> String {
        // Scripting is off, as during parsing.
        let options = SerializeOpts { scripting_enabled: false, traversal_scope, create_missing_parent: false };
        let mut out = Vec::new();
        let mut serializer = HtmlSerializer::new(&mut out, options);
        self.write(range, &mut serializer).expect("a vector takes all bytes");
        String::from_utf8(out).expect("the parts are text")
    }

    /// Writes a range of nodes, including the content of templates.
    fn write(&self, range: Range<u32>, serializer: &mut impl Serializer) -> Result<()> {
        let mut open: Vec<u32> = Vec::new();
        let mut names: Vec<QualName> = Vec::new();
        for at in range {
            self.close(&mut open, at, serializer)?;
            match self.node(at).kind {
                Kind::Element => {
                    self.open(at, &mut names, serializer)?;
                    open.push(at);
                }
                Kind::Text => serializer.write_text(self.text(at))?,
                Kind::Comment => serializer.write_comment(self.text(at))?,
                Kind::Instruction => {
                    let (target, data) = self.text(at).split_once(' ').unwrap_or((self.text(at), ""));
                    // html5ever writes only `>` at the end.
                    serializer.write_processing_instruction(target, &[data, "?"].concat())?;
                }
                Kind::Doctype => serializer.write_doctype(self.doctype(at).map_or("", |[name, ..]| name))?,
                Kind::Document | Kind::Fragment => {}
            }
        }
        self.close(&mut open, u32::MAX, serializer)
    }

    /// Writes the end tags of the elements that end at or before `at`.
    fn close(&self, open: &mut Vec<u32>, at: u32, serializer: &mut impl Serializer) -> Result<()> {
        while let Some(last) = open.pop_if(|last| self.node(*last).end <= at) {
            serializer.end_elem(self.qualified(last))?;
        }
        Ok(())
    }

    /// Writes the start tag of an element. `names` is a buffer for the names of its attributes.
    fn open(&self, at: u32, names: &mut Vec<QualName>, serializer: &mut impl Serializer) -> Result<()> {
        let qualified = |attribute: &super::Attribute| {
            QualName::new(attribute.prefix(), attribute.namespace().uri(), self.local_name(attribute.name))
        };
        names.clear();
        names.extend(self.attributes(at).iter().map(qualified));
        let values = self.attributes(at).iter().map(|attribute| self.value(attribute));
        serializer.start_elem(self.qualified(at), names.iter().zip(values))
    }

    fn qualified(&self, at: u32) -> QualName {
        let node = self.node(at);
        QualName::new(None, node.namespace.uri(), self.local_name(node.name))
    }

    fn local_name(&self, name: Name) -> LocalName {
        match KNOWN_NAMES.get(name.number() as usize) {
            Some(known) => known.clone(),
            None => LocalName::from(self.name_text(name)),
        }
    }
}
