//! A real browser without a window: Debian's Chromium through its WebDriver. Where one of them is missing, tests say so and are skipped.

use crate::harness::{client, until};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use thirtyfour::prelude::*;

/// The extent of the browser's view in pixels.
pub(crate) const DESKTOP: (u32, u32) = (1440, 900);
/// As above, of a phone.
pub(crate) const PHONE: (u32, u32) = (390, 844);

/// A browser with one page; ended when it goes out of scope.
pub(crate) struct Browser {
    /// Taken only at the end.
    driver: Option<WebDriver>,
    process: Child,
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ended here, not by a request that this thread would wait for.
        if let Some(driver) = self.driver.take() {
            drop(driver.leak());
        }
        // Chromium and its driver are one process group.
        let group = nix::unistd::Pid::from_raw(self.process.id().cast_signed());
        let _ = nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL);
        drop(self.process.wait());
    }
}

fn missing() -> Option<&'static str> {
    ["chromium", "chromedriver"].into_iter().find(|program| {
        let found = Command::new(program)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        !found.is_ok_and(|status| status.success())
    })
}

impl Browser {
    /// Starts one; `None`, in words, where this machine has none.
    pub(crate) async fn start((width, height): (u32, u32)) -> Option<Self> {
        if let Some(missing) = missing() {
            eprintln!("skipped: {missing} is not installed (Debian: chromium, chromium-driver)");
            return None;
        }
        // Installs the cryptography that clients of this process use.
        drop(client());
        let mut process = {
            use std::os::unix::process::CommandExt;
            Command::new("chromedriver")
                .arg("--port=0")
                .process_group(0)
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap()
        };
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port: u16 = lines
            .find_map(|line| {
                let line = line.unwrap();
                line.split_once("successfully on port ")?
                    .1
                    .trim_end_matches('.')
                    .parse()
                    .ok()
            })
            .expect("chromedriver tells its port");
        // It goes on writing; nobody may be kept by a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let mut wanted = DesiredCapabilities::chrome();
        for argument in [
            "--headless=new",
            // Root in a container has no sandbox to offer.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-proxy-server",
            "--hide-scrollbars",
        ] {
            wanted.add_arg(argument).unwrap();
        }
        wanted
            .add_arg(&format!("--window-size={},{}", width.max(500), height + 200))
            .unwrap();
        wanted
            .add_experimental_option(
                "mobileEmulation",
                serde_json::json!({"deviceMetrics": {"width": width, "height": height, "pixelRatio": 1.0, "mobile": width < 600}}),
            )
            .unwrap();
        wanted
            .set_browser_log_level(thirtyfour::LoggingPrefsLogLevel::All)
            .unwrap();
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), wanted)
            .await
            .unwrap();
        Some(Self {
            driver: Some(driver),
            process,
        })
    }

    fn driver(&self) -> &WebDriver {
        self.driver.as_ref().expect("it is taken only at the end")
    }

    /// Opens a page.
    pub(crate) async fn open(&self, url: &str) {
        self.driver().goto(url).await.unwrap();
    }

    /// What a script returns.
    pub(crate) async fn run(&self, script: &str) -> Value {
        let answer = self.driver().execute(script, Vec::new()).await;
        answer
            .unwrap_or_else(|error| panic!("{error}: {script}"))
            .json()
            .clone()
    }

    /// Waits until a script returns something other than null, false, 0 or an empty text.
    pub(crate) async fn wait_for(&self, what: &str, script: &str) -> Value {
        until(what, async || {
            let value = self.run(script).await;
            let empty = match &value {
                Value::Null | Value::Bool(false) => true,
                Value::Number(number) => number.as_f64() == Some(0.0),
                Value::String(text) => text.is_empty(),
                _ => false,
            };
            (!empty).then_some(value)
        })
        .await
    }

    /// Clicks what a selector names.
    pub(crate) async fn click(&self, selector: &str) {
        self.driver()
            .find(By::Css(selector))
            .await
            .unwrap()
            .click()
            .await
            .unwrap();
    }

    /// Types into what a selector names.
    pub(crate) async fn write(&self, selector: &str, text: &str) {
        let field = self.driver().find(By::Css(selector)).await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Nothing went wrong in the page so far: neither in its scripts nor in what it loaded.
    pub(crate) async fn assert_no_errors(&self) {
        let log = self.driver().browser_log().await.unwrap();
        let errors: Vec<_> = log
            .iter()
            .filter(|entry| entry.level != "INFO" && entry.level != "DEBUG")
            .collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
}
