//! The names that the parser's rules use, and other names that are common on pages. Their numbers are constants.

use super::names::Name;

macro_rules! known {
    ($($constant:ident $text:literal,)*) => {
        #[expect(non_camel_case_types, clippy::upper_case_acronyms, reason = "a list of numbers, never seen as a type")]
        #[allow(clippy::enum_variant_names, reason = "the names are those of HTML")]
        enum Number { $($constant,)* }

        $(
            #[allow(dead_code, reason = "the list also has names that only pages use")]
            pub(in crate::scrape) const $constant: Name = Name::known(Number::$constant as u32);
        )*

        /// The texts of all known names, indexed by number.
        pub(super) const TEXTS: &[&str] = &[$($text,)*];
    };
}

known! {
    // Elements of HTML.
    A "a", ABBR "abbr", ACRONYM "acronym", ADDRESS "address", APPLET "applet", AREA "area", ARTICLE "article",
    ASIDE "aside", AUDIO "audio", B "b", BASE "base", BASEFONT "basefont", BDI "bdi", BDO "bdo", BGSOUND "bgsound",
    BIG "big", BLOCKQUOTE "blockquote", BODY "body", BR "br", BUTTON "button", CANVAS "canvas", CAPTION "caption",
    CENTER "center", CITE "cite", CODE "code", COL "col", COLGROUP "colgroup", DATA "data", DATALIST "datalist",
    DD "dd", DEL "del", DETAILS "details", DFN "dfn", DIALOG "dialog", DIR "dir", DIV "div", DL "dl", DT "dt",
    EM "em", EMBED "embed", FIELDSET "fieldset", FIGCAPTION "figcaption", FIGURE "figure", FONT "font",
    FOOTER "footer", FORM "form", FRAME "frame", FRAMESET "frameset", H1 "h1", H2 "h2", H3 "h3", H4 "h4", H5 "h5",
    H6 "h6", HEAD "head", HEADER "header", HGROUP "hgroup", HR "hr", HTML "html", I "i", IFRAME "iframe",
    IMAGE "image", IMG "img", INPUT "input", INS "ins", ISINDEX "isindex", KBD "kbd", KEYGEN "keygen", LABEL "label",
    LEGEND "legend", LI "li", LINK "link", LISTING "listing", MAIN "main", MAP "map", MARK "mark", MARQUEE "marquee",
    MATH "math", MENU "menu", META "meta", METER "meter", NAV "nav", NOBR "nobr", NOEMBED "noembed",
    NOFRAMES "noframes", NOSCRIPT "noscript", OBJECT "object", OL "ol", OPTGROUP "optgroup", OPTION "option",
    OUTPUT "output", P "p", PARAM "param", PICTURE "picture", PLAINTEXT "plaintext", PRE "pre", PROGRESS "progress",
    Q "q", RB "rb", RP "rp", RT "rt", RTC "rtc", RUBY "ruby", S "s", SAMP "samp", SCRIPT "script", SEARCH "search",
    SECTION "section", SELECT "select", SELECTEDCONTENT "selectedcontent", SLOT "slot", SMALL "small",
    SOURCE "source", SPAN "span", STRIKE "strike", STRONG "strong", STYLE "style", SUB "sub", SUMMARY "summary",
    SUP "sup", SVG "svg", TABLE "table", TBODY "tbody", TD "td", TEMPLATE "template", TEXTAREA "textarea",
    TFOOT "tfoot", TH "th", THEAD "thead", TIME "time", TITLE "title", TR "tr", TRACK "track", TT "tt", U "u",
    UL "ul", VAR "var", VIDEO "video", WBR "wbr", XMP "xmp",
    // Elements of MathML.
    MI "mi", MO "mo", MN "mn", MS "ms", MTEXT "mtext", MGLYPH "mglyph", MALIGNMARK "malignmark",
    ANNOTATION_XML "annotation-xml", MROW "mrow", MFRAC "mfrac", MSUP "msup", MSUB "msub", SEMANTICS "semantics",
    ANNOTATION "annotation",
    // Elements of SVG.
    DESC "desc", PATH "path", G "g", CIRCLE "circle", RECT "rect", LINE "line", POLYGON "polygon",
    POLYLINE "polyline", ELLIPSE "ellipse", USE "use", DEFS "defs", SYMBOL "symbol", TEXT "text", TSPAN "tspan",
    STOP "stop", MASK "mask", PATTERN "pattern", FILTER "filter", MARKER "marker",
    // Elements of SVG with capital letters, in lower case as the parser reads them.
    ALTGLYPH "altglyph", ALTGLYPHDEF "altglyphdef", ALTGLYPHITEM "altglyphitem", ANIMATECOLOR "animatecolor",
    ANIMATEMOTION "animatemotion", ANIMATETRANSFORM "animatetransform", CLIPPATH "clippath", FEBLEND "feblend",
    FECOLORMATRIX "fecolormatrix", FECOMPONENTTRANSFER "fecomponenttransfer", FECOMPOSITE "fecomposite",
    FECONVOLVEMATRIX "feconvolvematrix", FEDIFFUSELIGHTING "fediffuselighting", FEDISPLACEMENTMAP "fedisplacementmap",
    FEDISTANTLIGHT "fedistantlight", FEDROPSHADOW "fedropshadow", FEFLOOD "feflood", FEFUNCA "fefunca",
    FEFUNCB "fefuncb", FEFUNCG "fefuncg", FEFUNCR "fefuncr", FEGAUSSIANBLUR "fegaussianblur", FEIMAGE "feimage",
    FEMERGE "femerge", FEMERGENODE "femergenode", FEMORPHOLOGY "femorphology", FEOFFSET "feoffset",
    FEPOINTLIGHT "fepointlight", FESPECULARLIGHTING "fespecularlighting", FESPOTLIGHT "fespotlight", FETILE "fetile",
    FETURBULENCE "feturbulence", FOREIGNOBJECT "foreignobject", GLYPHREF "glyphref", LINEARGRADIENT "lineargradient",
    RADIALGRADIENT "radialgradient", TEXTPATH "textpath",
    // The same elements, with capital letters as the document stores them.
    ALT_GLYPH "altGlyph", ALT_GLYPH_DEF "altGlyphDef", ALT_GLYPH_ITEM "altGlyphItem", ANIMATE_COLOR "animateColor",
    ANIMATE_MOTION "animateMotion", ANIMATE_TRANSFORM "animateTransform", CLIP_PATH "clipPath", FE_BLEND "feBlend",
    FE_COLOR_MATRIX "feColorMatrix", FE_COMPONENT_TRANSFER "feComponentTransfer", FE_COMPOSITE "feComposite",
    FE_CONVOLVE_MATRIX "feConvolveMatrix", FE_DIFFUSE_LIGHTING "feDiffuseLighting",
    FE_DISPLACEMENT_MAP "feDisplacementMap", FE_DISTANT_LIGHT "feDistantLight", FE_DROP_SHADOW "feDropShadow",
    FE_FLOOD "feFlood", FE_FUNC_A "feFuncA", FE_FUNC_B "feFuncB", FE_FUNC_G "feFuncG", FE_FUNC_R "feFuncR",
    FE_GAUSSIAN_BLUR "feGaussianBlur", FE_IMAGE "feImage", FE_MERGE "feMerge", FE_MERGE_NODE "feMergeNode",
    FE_MORPHOLOGY "feMorphology", FE_OFFSET "feOffset", FE_POINT_LIGHT "fePointLight",
    FE_SPECULAR_LIGHTING "feSpecularLighting", FE_SPOT_LIGHT "feSpotLight", FE_TILE "feTile",
    FE_TURBULENCE "feTurbulence", FOREIGN_OBJECT "foreignObject", GLYPH_REF "glyphRef",
    LINEAR_GRADIENT "linearGradient", RADIAL_GRADIENT "radialGradient", TEXT_PATH "textPath",
    // Attributes of HTML, and attributes that all elements may have.
    ACCEPT "accept", ACCEPT_CHARSET "accept-charset", ACTION "action", ACTUATE "actuate", ALIGN "align",
    ALLOW "allow", ALLOWFULLSCREEN "allowfullscreen", ALT "alt", ARCROLE "arcrole", ARIA_CONTROLS "aria-controls",
    ARIA_CURRENT "aria-current", ARIA_DESCRIBEDBY "aria-describedby", ARIA_EXPANDED "aria-expanded",
    ARIA_HASPOPUP "aria-haspopup", ARIA_HIDDEN "aria-hidden", ARIA_LABEL "aria-label",
    ARIA_LABELLEDBY "aria-labelledby", ARIA_SELECTED "aria-selected", ASYNC "async", AUTOCOMPLETE "autocomplete",
    AUTOFOCUS "autofocus", AUTOPLAY "autoplay", BGCOLOR "bgcolor", BORDER "border", CELLPADDING "cellpadding",
    CELLSPACING "cellspacing", CHARSET "charset", CHECKED "checked", CLASS "class", COLOR "color", COLS "cols",
    COLSPAN "colspan", CONTENT "content", CONTROLS "controls", COORDS "coords", CROSSORIGIN "crossorigin", CX "cx",
    CY "cy", D "d", DATA_ID "data-id", DATA_SRC "data-src", DATA_TARGET "data-target", DATA_TOGGLE "data-toggle",
    DATETIME "datetime", DECODING "decoding", DEFER "defer", DISABLED "disabled", DOWNLOAD "download",
    DRAGGABLE "draggable", ENCODING "encoding", ENCTYPE "enctype", FACE "face", FILL "fill", FOR "for",
    FORMACTION "formaction", FRAMEBORDER "frameborder", HEADERS "headers", HEIGHT "height", HIDDEN "hidden",
    HREF "href", HREFLANG "hreflang", HTTP_EQUIV "http-equiv", ID "id", INTEGRITY "integrity", ITEMPROP "itemprop",
    ITEMSCOPE "itemscope", ITEMTYPE "itemtype", LANG "lang", LOADING "loading", LOOP "loop", MAX "max",
    MAXLENGTH "maxlength", MEDIA "media", METHOD "method", MIN "min", MULTIPLE "multiple", MUTED "muted", NAME "name",
    NONCE "nonce", NOVALIDATE "novalidate", ONCLICK "onclick", ONLOAD "onload", PLACEHOLDER "placeholder",
    POINTS "points", POSTER "poster", PRELOAD "preload", PROPERTY "property", R "r", READONLY "readonly", REL "rel",
    REQUIRED "required", ROLE "role", ROWS "rows", ROWSPAN "rowspan", RX "rx", RY "ry", SCOPE "scope",
    SCROLLING "scrolling", SELECTED "selected", SHADOWROOTMODE "shadowrootmode", SHAPE "shape", SHOW "show",
    SIZE "size", SIZES "sizes", SPACE "space", SPELLCHECK "spellcheck", SRC "src", SRCLANG "srclang", SRCSET "srcset",
    START "start", STEP "step", STROKE "stroke", STROKE_WIDTH "stroke-width", TABINDEX "tabindex", TARGET "target",
    TRANSFORM "transform", TYPE "type", USEMAP "usemap", VALIGN "valign", VALUE "value", VOCAB "vocab", WIDTH "width",
    WRAP "wrap", X "x", X1 "x1", X2 "x2", XLINK "xlink", XMLNS "xmlns", Y "y", Y1 "y1", Y2 "y2",
    // Attributes with prefixes.
    XLINK_ACTUATE "xlink:actuate", XLINK_ARCROLE "xlink:arcrole", XLINK_HREF "xlink:href", XLINK_ROLE "xlink:role",
    XLINK_SHOW "xlink:show", XLINK_TITLE "xlink:title", XLINK_TYPE "xlink:type", XML_LANG "xml:lang",
    XML_SPACE "xml:space", XMLNS_XLINK "xmlns:xlink",
    // Attributes of SVG and MathML with capital letters, in lower case.
    ATTRIBUTENAME "attributename", ATTRIBUTETYPE "attributetype", BASEFREQUENCY "basefrequency",
    BASEPROFILE "baseprofile", CALCMODE "calcmode", CLIPPATHUNITS "clippathunits", DIFFUSECONSTANT "diffuseconstant",
    EDGEMODE "edgemode", FILTERUNITS "filterunits", GRADIENTTRANSFORM "gradienttransform",
    GRADIENTUNITS "gradientunits", KERNELMATRIX "kernelmatrix", KERNELUNITLENGTH "kernelunitlength",
    KEYPOINTS "keypoints", KEYSPLINES "keysplines", KEYTIMES "keytimes", LENGTHADJUST "lengthadjust",
    LIMITINGCONEANGLE "limitingconeangle", MARKERHEIGHT "markerheight", MARKERUNITS "markerunits",
    MARKERWIDTH "markerwidth", MASKCONTENTUNITS "maskcontentunits", MASKUNITS "maskunits", NUMOCTAVES "numoctaves",
    PATHLENGTH "pathlength", PATTERNCONTENTUNITS "patterncontentunits", PATTERNTRANSFORM "patterntransform",
    PATTERNUNITS "patternunits", POINTSATX "pointsatx", POINTSATY "pointsaty", POINTSATZ "pointsatz",
    PRESERVEALPHA "preservealpha", PRESERVEASPECTRATIO "preserveaspectratio", PRIMITIVEUNITS "primitiveunits",
    REFX "refx", REFY "refy", REPEATCOUNT "repeatcount", REPEATDUR "repeatdur",
    REQUIREDEXTENSIONS "requiredextensions", REQUIREDFEATURES "requiredfeatures", SPECULARCONSTANT "specularconstant",
    SPECULAREXPONENT "specularexponent", SPREADMETHOD "spreadmethod", STARTOFFSET "startoffset",
    STDDEVIATION "stddeviation", STITCHTILES "stitchtiles", SURFACESCALE "surfacescale",
    SYSTEMLANGUAGE "systemlanguage", TABLEVALUES "tablevalues", TARGETX "targetx", TARGETY "targety",
    TEXTLENGTH "textlength", VIEWBOX "viewbox", VIEWTARGET "viewtarget", XCHANNELSELECTOR "xchannelselector",
    YCHANNELSELECTOR "ychannelselector", ZOOMANDPAN "zoomandpan", DEFINITIONURL "definitionurl",
    // The same attributes, with capital letters as the document stores them.
    ATTRIBUTE_NAME "attributeName", ATTRIBUTE_TYPE "attributeType", BASE_FREQUENCY "baseFrequency",
    BASE_PROFILE "baseProfile", CALC_MODE "calcMode", CLIP_PATH_UNITS "clipPathUnits",
    DIFFUSE_CONSTANT "diffuseConstant", EDGE_MODE "edgeMode", FILTER_UNITS "filterUnits",
    GRADIENT_TRANSFORM "gradientTransform", GRADIENT_UNITS "gradientUnits", KERNEL_MATRIX "kernelMatrix",
    KERNEL_UNIT_LENGTH "kernelUnitLength", KEY_POINTS "keyPoints", KEY_SPLINES "keySplines", KEY_TIMES "keyTimes",
    LENGTH_ADJUST "lengthAdjust", LIMITING_CONE_ANGLE "limitingConeAngle", MARKER_HEIGHT "markerHeight",
    MARKER_UNITS "markerUnits", MARKER_WIDTH "markerWidth", MASK_CONTENT_UNITS "maskContentUnits",
    MASK_UNITS "maskUnits", NUM_OCTAVES "numOctaves", PATH_LENGTH "pathLength",
    PATTERN_CONTENT_UNITS "patternContentUnits", PATTERN_TRANSFORM "patternTransform", PATTERN_UNITS "patternUnits",
    POINTS_AT_X "pointsAtX", POINTS_AT_Y "pointsAtY", POINTS_AT_Z "pointsAtZ", PRESERVE_ALPHA "preserveAlpha",
    PRESERVE_ASPECT_RATIO "preserveAspectRatio", PRIMITIVE_UNITS "primitiveUnits", REF_X "refX", REF_Y "refY",
    REPEAT_COUNT "repeatCount", REPEAT_DUR "repeatDur", REQUIRED_EXTENSIONS "requiredExtensions",
    REQUIRED_FEATURES "requiredFeatures", SPECULAR_CONSTANT "specularConstant", SPECULAR_EXPONENT "specularExponent",
    SPREAD_METHOD "spreadMethod", START_OFFSET "startOffset", STD_DEVIATION "stdDeviation",
    STITCH_TILES "stitchTiles", SURFACE_SCALE "surfaceScale", SYSTEM_LANGUAGE "systemLanguage",
    TABLE_VALUES "tableValues", TARGET_X "targetX", TARGET_Y "targetY", TEXT_LENGTH "textLength", VIEW_BOX "viewBox",
    VIEW_TARGET "viewTarget", X_CHANNEL_SELECTOR "xChannelSelector", Y_CHANNEL_SELECTOR "yChannelSelector",
    ZOOM_AND_PAN "zoomAndPan", DEFINITION_URL "definitionURL",
}
