//! Other people's clients with `alloy-rs lsp`: Neovim, and the Python client pygls. Each test says so and passes where the client is not installed.

use crate::harness::Home;
use std::path::Path;
use std::process::{Command, Stdio};

const CONFIG: &str = "loki.source.file \"logs\" {\n\ttargets    = [{__path__ = \"/var/log/*.log\"}]\n\tforward_to = [loki.write.out.receiver]\n}\n\nloki.write \"out\" {\n\tendpoint {\n\t\turl = env(\"URL\")\n\t  tenant_ids = \"x\"\n\t}\n}\n";

fn script(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/editors");
    folder.join(name).display().to_string()
}

/// What a client's script prints.
fn printed(command: &mut Command) -> String {
    let home = Home::with(CONFIG);
    let output = command
        .current_dir(home.path(""))
        .env("ALLOY_RS", env!("CARGO_BIN_EXE_alloy-rs"))
        .env("HOME", home.path(""))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).replace('\r', "");
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success(), "{stdout}\n{stderr}");
    stdout
}

fn is_there(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

#[test]
fn neovim_shows_completes_renames_and_formats() {
    if !is_there("nvim", &["--version"]) {
        eprintln!("skipped: nvim is not installed");
        return;
    }
    let mut command = Command::new("nvim");
    command.args(["--clean", "--headless", "-S", &script("neovim.lua")]);
    insta::assert_snapshot!(printed(&mut command), @r#"
    finding 8 9 AR0165
    finding 9 4 AR0100
    hover `loki.write.out`
    definition in line 6
    completes tenant_id true
    loki.source.file "logs" {
    	targets    = [{__path__ = "/var/log/*.log"}]
    	forward_to = [loki.write.sink.receiver]
    }

    loki.write "sink" {
    	endpoint {
    		url        = env("URL")
    		tenant_ids = "x"
    	}
    }
    stopped true
    "#);
}

#[test]
fn pygls_reads_every_answer() {
    // A virtual environment's interpreter, where the package is not the system's.
    let python = std::env::var("ALLOY_RS_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    if !is_there(&python, &["-c", "import pygls.lsp.client"]) {
        eprintln!(
            "skipped: {python} has no pygls; `pip install pygls`, and name the interpreter in ALLOY_RS_TEST_PYTHON"
        );
        return;
    }
    let mut command = Command::new(python);
    command.arg(script("pygls_client.py"));
    insta::assert_snapshot!(printed(&mut command), @r#"
    server alloy-rs utf-16
    finding 8 9 AR0165
    finding 9 4 AR0100
    hover `loki.write.out`
    definition in line 6
    outline ['loki.source.file "logs"', 'loki.write "out"']
    actions [('replace it by sys.env', 'quickfix'), ('change to `tenant_id`', 'quickfix'), ('fix all that is safe', 'source.fixAll.alloy-rs')]
    tokens 0
    folds [(0, 2), (5, 9), (6, 8)]
    hints []
    signature env(name)
    selection 26 True
    renames 2
    "#);
}
