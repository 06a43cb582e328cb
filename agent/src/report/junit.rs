//! Findings as a JUnit report, which most CI systems show: a suite for each configuration, a failed case for each error.
//!
//! JUnit knows no warnings. They are cases that passed and say something, so that the report fails where the command does.

use super::batch::{Batch, Checked};
use quick_xml::events::{BytesDecl, BytesText, Event};
use quick_xml::writer::Writer;
use river_syntax::{Diagnostic, Severity, Sources};
use std::borrow::Cow;
use std::io;

/// The whole report.
pub(crate) fn document(batch: &Batch) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    // Writing to a Vec cannot fail.
    drop(write(&mut writer, batch));
    let mut text = String::from_utf8_lossy(&writer.into_inner()).into_owned();
    text.push('\n');
    text
}

type Xml = Writer<Vec<u8>>;

fn write(writer: &mut Xml, batch: &Batch) -> io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let failures = batch.count(Severity::Error);
    let cases = batch
        .checked
        .iter()
        .map(|checked| checked.diagnostics.len().max(1));
    let tests = cases.sum::<usize>() + batch.failures.len();
    writer
        .create_element("testsuites")
        .with_attributes([
            ("name", "alloy-rs check"),
            ("tests", &tests.to_string()),
            ("failures", &failures.to_string()),
            ("errors", &batch.failures.len().to_string()),
        ])
        .write_inner_content(|writer| {
            for checked in &batch.checked {
                suite(writer, checked)?;
            }
            if !batch.failures.is_empty() {
                unreadable(writer, &batch.failures)?;
            }
            Ok(())
        })?;
    Ok(())
}

fn suite(writer: &mut Xml, checked: &Checked) -> io::Result<()> {
    let errors = checked.diagnostics.iter().filter(|found| found.is_error());
    let cases = checked.diagnostics.len().max(1);
    writer
        .create_element("testsuite")
        .with_attributes([
            ("name", &*legal(&checked.name)),
            ("tests", &cases.to_string()),
            ("failures", &errors.count().to_string()),
            ("errors", "0"),
        ])
        .write_inner_content(|writer| {
            if checked.diagnostics.is_empty() {
                writer
                    .create_element("testcase")
                    .with_attributes([("name", "no findings"), ("classname", &*legal(&checked.name))])
                    .write_empty()?;
            }
            for diagnostic in &checked.diagnostics {
                case(writer, &checked.sources, diagnostic)?;
            }
            Ok(())
        })?;
    Ok(())
}

fn case(writer: &mut Xml, sources: &Sources, diagnostic: &Diagnostic) -> io::Result<()> {
    let span = diagnostic.primary.span;
    let file = sources.get(span.file);
    let name = file.map_or("", |file| file.name());
    let line = file.map_or(0, |file| file.line_column(span.start).line);
    let told = river_syntax::render::concise(sources, diagnostic);
    let text = |writer: &mut Xml| writer.write_event(Event::Text(BytesText::new(&legal(&told))));
    writer
        .create_element("testcase")
        .with_attributes([
            ("name", &*format!("{} line {line}", diagnostic.code.id)),
            ("classname", &*legal(name)),
            ("file", &*legal(name)),
            ("line", &line.to_string()),
        ])
        .write_inner_content(|writer| {
            if diagnostic.is_error() {
                let failure = writer.create_element("failure");
                let failure = failure.with_attributes([
                    ("type", diagnostic.code.id),
                    ("message", &*legal(&diagnostic.message)),
                ]);
                failure.write_inner_content(text)?;
            } else {
                writer.create_element("system-out").write_inner_content(text)?;
            }
            Ok(())
        })?;
    Ok(())
}

/// What could not be read, as errors of the command itself.
fn unreadable(writer: &mut Xml, failures: &[String]) -> io::Result<()> {
    let count = failures.len().to_string();
    writer
        .create_element("testsuite")
        .with_attributes([
            ("name", "alloy-rs"),
            ("tests", &*count),
            ("failures", "0"),
            ("errors", &*count),
        ])
        .write_inner_content(|writer| {
            for failure in failures {
                writer
                    .create_element("testcase")
                    .with_attributes([("name", "readable"), ("classname", "alloy-rs")])
                    .write_inner_content(|writer| {
                        let message = legal(failure);
                        let error = writer.create_element("error");
                        error.with_attribute(("message", &*message)).write_empty()?;
                        Ok(())
                    })?;
            }
            Ok(())
        })?;
    Ok(())
}

/// A text without the characters that XML 1.0 cannot hold.
pub(crate) fn legal(text: &str) -> Cow<'_, str> {
    let illegal = |character: char| matches!(character, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    match text.contains(illegal) {
        true => text.replace(illegal, "\u{fffd}").into(),
        false => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use crate::report::testing;

    #[test]
    fn errors_fail_and_warnings_do_not() {
        insta::assert_snapshot!(super::document(&testing::batch()), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="alloy-rs check" tests="5" failures="2" errors="1">
          <testsuite name="conf" tests="3" failures="2" errors="0">
            <testcase name="AR0005 line 1" classname="conf/a b.alloy" file="conf/a b.alloy" line="1">
              <system-out>conf/a b.alloy:1:4: warning[AR0005]: an odd word: 50% of it, &lt;b&gt; &amp; more</system-out>
            </testcase>
            <testcase name="AR0100 line 4" classname="conf/a b.alloy" file="conf/a b.alloy" line="4">
              <failure type="AR0100" message="unrecognized attribute name &quot;ur&quot;">conf/a b.alloy:4:3: error[AR0100]: unrecognized attribute name &quot;ur&quot; (did you mean `url`?)</failure>
            </testcase>
            <testcase name="AR0202 line 1" classname="conf/b.alloy" file="conf/b.alloy" line="1">
              <failure type="AR0202" message="component &quot;loki.write.out&quot; is already declared">conf/b.alloy:1:1: error[AR0202]: component &quot;loki.write.out&quot; is already declared (give one of them another label)</failure>
            </testcase>
          </testsuite>
          <testsuite name="good.alloy" tests="1" failures="0" errors="0">
            <testcase name="no findings" classname="good.alloy"/>
          </testsuite>
          <testsuite name="alloy-rs" tests="1" failures="0" errors="1">
            <testcase name="readable" classname="alloy-rs">
              <error message="cannot read gone.alloy: No such file or directory (os error 2)"/>
            </testcase>
          </testsuite>
        </testsuites>
        "#);
    }

    #[test]
    fn characters_that_xml_cannot_hold_are_replaced() {
        assert_eq!(super::legal("a\0b\tc\u{1b}"), "a\u{fffd}b\tc\u{fffd}");
    }
}
