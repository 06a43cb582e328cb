//! The functions that the reference's log pipelines give to templates.

/// The language's own functions.
pub(super) const BUILT_IN: &[&str] = &[
    "and", "call", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "or", "print", "printf",
    "println", "slice", "urlquery",
];

/// Those of the library sprig (<https://masterminds.github.io/sprig/>) and the pipeline's own, sorted.
const KNOWN: &[&str] = &[
    "Hash", "Replace", "Sha2Hash", "ToLower", "ToUpper", "Trim", "TrimLeft", "TrimPrefix", "TrimRight",
    "TrimSpace", "TrimSuffix", "abbrev", "abbrevboth", "add", "add1", "add1f", "addf", "adler32sum", "ago",
    "all", "any", "append", "atoi", "b32dec", "b32enc", "b64dec", "b64enc", "base", "bcrypt", "biggest",
    "buildCustomCert", "camelcase", "cat", "ceil", "chunk", "clean", "coalesce", "compact", "concat",
    "contains", "date", "dateInZone", "dateModify", "date_in_zone", "date_modify", "decryptAES", "deepCopy",
    "deepEqual", "default", "derivePassword", "dict", "dig", "dir", "div", "divf", "duration",
    "durationRound", "empty", "encryptAES", "env", "expandenv", "ext", "fail", "first", "float64", "floor",
    "fromJson", "genCA", "genCAWithKey", "genPrivateKey", "genSelfSignedCert", "genSelfSignedCertWithKey",
    "genSignedCert", "genSignedCertWithKey", "get", "getHostByName", "has", "hasKey", "hasPrefix",
    "hasSuffix", "hello", "htmlDate", "htmlDateInZone", "htpasswd", "indent", "initial", "initials", "int",
    "int64", "isAbs", "join", "kebabcase", "keys", "kindIs", "kindOf", "last", "list", "lower", "max",
    "maxf", "merge", "mergeOverwrite", "min", "minf", "mod", "mul", "mulf", "mustAppend", "mustChunk",
    "mustCompact", "mustDateModify", "mustDeepCopy", "mustFirst", "mustFromJson", "mustHas", "mustInitial",
    "mustLast", "mustMerge", "mustMergeOverwrite", "mustPrepend", "mustRegexFind", "mustRegexFindAll",
    "mustRegexMatch", "mustRegexReplaceAll", "mustRegexReplaceAllLiteral", "mustRegexSplit", "mustRest",
    "mustReverse", "mustSlice", "mustToDate", "mustToJson", "mustToPrettyJson", "mustToRawJson", "mustUniq",
    "mustWithout", "must_date_modify", "nindent", "nospace", "now", "omit", "osBase", "osClean", "osDir",
    "osExt", "osIsAbs", "pick", "pluck", "plural", "prepend", "quote", "randAlpha", "randAlphaNum",
    "randAscii", "randBytes", "randInt", "randNumeric", "regexFind", "regexFindAll", "regexMatch",
    "regexQuoteMeta", "regexReplaceAll", "regexReplaceAllLiteral", "regexSplit", "repeat", "replace",
    "rest", "reverse", "round", "semver", "semverCompare", "seq", "set", "sha1sum", "sha256sum",
    "sha512sum", "shuffle", "slice", "snakecase", "sortAlpha", "split", "splitList", "splitn", "squote",
    "sub", "subf", "substr", "swapcase", "ternary", "title", "toDate", "toDecimal", "toJson",
    "toPrettyJson", "toRawJson", "toString", "toStrings", "trim", "trimAll", "trimPrefix", "trimSuffix",
    "trimall", "trunc", "tuple", "typeIs", "typeIsLike", "typeOf", "uniq", "unixEpoch", "unset", "until",
    "untilStep", "untitle", "upper", "urlJoin", "urlParse", "uuidv4", "values", "without", "wrap",
    "wrapWith",
];

/// Whether a log pipeline's templates know a function.
pub fn is_known(name: &str) -> bool {
    KNOWN.binary_search(&name).is_ok()
}

/// The function that was probably meant.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let mut all = KNOWN.iter().chain(BUILT_IN).copied();
    let other_case = all.clone().find(|known| known.eq_ignore_ascii_case(name));
    other_case.or_else(|| river_eval::suggest::nearest(name, &mut all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(KNOWN.is_sorted());
        assert_eq!(nearest("tolower"), Some("ToLower"));
        assert_eq!(nearest("defualt"), Some("default"));
        assert_eq!(nearest("uper"), Some("upper"));
    }
}
