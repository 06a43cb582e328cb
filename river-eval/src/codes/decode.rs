//! Codes of mistakes in the attributes and blocks of a component.

river_syntax::codes! {
    UNKNOWN_ATTRIBUTE = "AR0100", "unknown attribute", "\
A block holds an attribute that it does not know.\n\n\
```alloy\nloki.write \"out\" {\n\tendpoint {\n\t\tur1 = \"http://localhost:3100/loki/api/v1/push\"\n\t}\n}\n```\n\n\
Correct the name; the message proposes one where a known name is close. `alloy-rs check` lists what a component takes in its message's help.\n";
    UNKNOWN_BLOCK = "AR0101", "unknown block", "\
A block holds a block that it does not know.\n\n\
```alloy\nloki.process \"pods\" {\n\tforward_to = []\n\tstage.jsn { }\n}\n```\n\n\
Correct the name, or move the block to where it belongs.\n";
    ATTRIBUTE_FOR_BLOCK = "AR0102", "a block was written as an attribute", "\
What has to be a block was given a value with `=`.\n\n\
```alloy\nloki.write \"out\" {\n\tendpoint = { url = \"http://localhost:3100\" }\n}\n```\n\n\
Write `endpoint { url = \"…\" }`: a block has no `=`.\n";
    BLOCK_FOR_ATTRIBUTE = "AR0103", "an attribute was written as a block", "\
What has to be an attribute was given as a block.\n\n\
```alloy\nloki.process \"pods\" {\n\tforward_to { }\n}\n```\n\n\
Write `forward_to = […]`.\n";
    MISSING_ATTRIBUTE = "AR0104", "a required attribute is missing", "\
A block lacks an attribute that it cannot do without.\n\n\
```alloy\nlocal.file \"token\" { }\n```\n\n\
Add it: `filename = \"/path\"`.\n";
    MISSING_BLOCK = "AR0105", "a required block is missing", "\
A component lacks a block that it cannot do without. Add the block that the message names.\n\n\
```alloy\nremote.vault \"db\" {\n\tserver = \"https://vault\"\n\tpath   = \"secret/db\"\n\t// an auth block belongs here\n}\n```\n";
    DUPLICATE_ATTRIBUTE = "AR0106", "an attribute is set twice", "\
An attribute may be set only once in a block.\n\n\
```alloy\nlocal.file \"a\" {\n\tfilename = \"/one\"\n\tfilename = \"/two\"\n}\n```\n\n\
Keep one of them.\n";
    DUPLICATE_BLOCK = "AR0107", "a block is given twice", "\
This block may be given only once. Join the two, or keep one of them.\n\n\
```alloy\nprometheus.scrape \"a\" {\n\ttargets    = []\n\tforward_to = []\n\ttls_config { }\n\ttls_config { }\n}\n```\n";
    WRONG_TYPE = "AR0108", "a value does not fit", "\
An attribute's value is of a type, or of a form, that the attribute does not take.\n\n\
```alloy\nprometheus.scrape \"a\" {\n\ttargets         = []\n\tforward_to      = []\n\tscrape_interval = \"10 seconds\"\n}\n```\n\n\
Durations are written `10s`, `1m30s`; numbers without quotes; lists in brackets.\n";
    MISSING_LABEL = "AR0109", "a label is missing", "\
A block that is told from others of its kind by its label was written without one.\n\n\
```alloy\ndeclare {\n\targument \"input\" { }\n}\n```\n\n\
Write a name in double quotes before the brace: `declare \"name\" { … }`.\n";
    UNEXPECTED_LABEL = "AR0110", "a label where none belongs", "\
This block takes no label. Take the quoted text before the brace away.\n\n\
```alloy\nlogging \"here\" {\n\tlevel = \"debug\"\n}\n```\n";
    INVALID_ARGUMENTS = "AR0111", "the values do not go together", "\
Each value by itself is fine, and together they are not: two ways to authenticate, a timeout above its interval, a rule without what its action needs.\n\n\
```alloy\nprometheus.scrape \"a\" {\n\ttargets         = []\n\tforward_to      = []\n\tscrape_interval = \"10s\"\n\tscrape_timeout  = \"1m\"\n}\n```\n\n\
The message says which values and what to change.\n";
}
