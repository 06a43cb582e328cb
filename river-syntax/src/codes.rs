//! The codes of syntax errors: AR0001 to AR0099.

crate::codes! {
    UNEXPECTED_TOKEN = "AR0001", "unexpected token", "\
Something stands where the grammar needs something else.\n\n\
```alloy\nlogging\n{\n\tlevel = \"debug\"\n}\n```\n\n\
A statement is `name = value` or `name \"label\" { … }`, and ends with its line: put the `{` on the line of the name. \
The message says what was expected at the place.\n";
    UNCLOSED = "AR0002", "a bracket is never closed", "\
A brace, bracket or parenthesis is opened and the file, or the statement, ends before it is closed. The second place in the message is where it was opened.\n\n\
```alloy\nprometheus.scrape \"a\" {\n\ttargets    = [\n\tforward_to = []\n}\n```\n\n\
Close it where it belongs. The editor's indentation shows where things went wrong: `alloy-rs fmt` works again once it is closed.\n";
    OPEN_STRING = "AR0003", "a string is never closed", "\
A string in double quotes ends with its line.\n\n\
```alloy\nlocal.file \"a\" {\n\tfilename = \"/etc/hosts\n}\n```\n\n\
Add the closing quote. A text over several lines goes between backticks.\n";
    BAD_ESCAPE = "AR0004", "an unknown escape sequence", "\
After a backslash stands a letter that means nothing there. Regular expressions are where this happens most.\n\n\
```alloy\nloki.relabel \"a\" {\n\tforward_to = []\n\trule {\n\t\tregex = \"\\d+\"\n\t}\n}\n```\n\n\
Double the backslash, `\"\\\\d+\"`, or write the text between backticks, where a backslash is just that.\n";
    ILLEGAL_CHARACTER = "AR0005", "an illegal character", "\
A character that no part of the language begins with.\n\n\
```alloy\n# a comment of another language\nlogging {\n\tlevel: \"debug\"\n}\n```\n\n\
Comments begin with `//`; attributes are written with `=`; strings know no `${…}`.\n";
    SINGLE_QUOTES = "AR0006", "single quotes", "\
Strings stand in double quotes, or in backticks where no escape is wanted.\n\n\
```alloy\nlocal.file \"a\" {\n\tfilename = '/etc/hosts'\n}\n```\n\n\
Write `\"/etc/hosts\"`.\n";
    MISSING_COMMA = "AR0007", "a comma is missing", "\
Items of a list, an object or a call are separated by commas, and where the closing bracket stands on a line of its own the last item needs one, too.\n\n\
```alloy\nprometheus.scrape \"a\" {\n\ttargets = [\n\t\t{\"__address__\" = \"a:1\"}\n\t]\n\tforward_to = []\n}\n```\n\n\
Add the comma: `{\"__address__\" = \"a:1\"},`.\n";
    BAD_LABEL = "AR0008", "a label that is no identifier", "\
A block's label is a name: letters, digits and `_`, no digit first, in double quotes.\n\n\
```alloy\nlocal.file \"my-file\" {\n\tfilename = \"/etc/hosts\"\n}\n```\n\n\
Write `\"my_file\"`.\n";
    ATTRIBUTE_NAME = "AR0009", "an attribute's name is no single identifier", "\
An attribute is `name = value`, without dots and without a label.\n\n\
```alloy\nclient.timeout = \"10s\"\n```\n\n\
What lies deeper is written with blocks: `client { timeout = \"10s\" }`.\n";
    BLOCK_AS_VALUE = "AR0010", "a block where a value belongs", "\
Blocks are no values.\n\n\
```alloy\nout = loki.write \"default\" {\n\tendpoint {\n\t\turl = \"http://localhost:3100/loki/api/v1/push\"\n\t}\n}\n```\n\n\
Let the block stand by itself and refer to what it exports: `loki.write.default.receiver`.\n";
    BAD_NUMBER = "AR0011", "a number that is none", "\
An exponent needs digits.\n\n\
```alloy\nx = 1e\n```\n\n\
Write `1e6`.\n";
    TOO_DEEP = "AR0012", "nested too deep", "\
Brackets, blocks or operators nest deeper than anything that a person writes. The bounds (400 open at once, 1,000 levels of an expression, where `a + b + c` are two) keep a hostile file from using up the stack.\n\n\
```alloy\nx = ((((((((((1))))))))))   // … 400 times\n```\n\n\
Split the expression up.\n";
    OPEN_COMMENT = "AR0013", "a comment is never closed", "\
A comment that begins with `/*` reaches to the next `*/`, or swallows the rest of the file.\n\n\
```alloy\n/* collects everything\nlogging {\n\tlevel = \"debug\"\n}\n```\n\n\
Add `*/` where the comment ends.\n";
    NOT_UTF8 = "AR0014", "the file is not UTF-8", "\
Configurations are UTF-8 texts. Bytes that are none come from another encoding, most often UTF-16 (some editors on Windows) or Latin-1.\n\n\
```text\nerror[AR0014]: these bytes are no UTF-8\n```\n\n\
Save the file as UTF-8, or convert it: `iconv -f UTF-16 -t UTF-8 old.alloy > new.alloy`.\n";
    TOO_LONG = "AR0015", "a file of more than 4 GiB", "\
Places in a text are numbers of 32 bits.\n\n\
```text\nerror[AR0015]: the file is longer than 4 GiB, and was not read beyond\n```\n\n\
Split the file up: all `*.alloy` files of a directory are one configuration. Was a log file given in place of a configuration?\n";
}
