//! Text for the bytes of a response, without what differs from run to run.

use std::path::Path;

use regex::bytes::{Captures, Regex};

/// Most bytes of a unit whose repetitions are written as a count.
const REPEATED_UNIT: usize = 8;
/// Fewest repetitions that are written as a count.
const REPETITIONS: usize = 16;

/// The reconnection time of a client over the limit of streams, in milliseconds.
const OVER_LIMIT: u64 = 60_000;

/// Replaces the epoch, times, the port and the directory of one server.
pub struct Normalizer {
    directory: String,
    port: String,
    epoch: Option<String>,
    /// Value of `--reconnect-delay` in milliseconds; each client gets up to a quarter more or less.
    pub reconnect_delay: u64,
}

impl Normalizer {
    pub fn new(directory: &Path, port: &str) -> Self {
        let directory = directory.to_str().expect("UTF-8").to_owned();
        Normalizer { directory, port: port.to_owned(), epoch: None, reconnect_delay: 2000 }
    }

    /// Returns the text of a response: the head without the date, and the body.
    pub fn response(&mut self, head: &str, body: &[u8]) -> String {
        self.find_epoch(body);
        let text = self.text(body);
        let replaced = self.replace(body).len();
        let length = format!("content-length: {}\r\n", body.len());
        let head: String = head
            .split_inclusive("\r\n")
            .filter(|line| !line.starts_with("date: "))
            .map(|line| line.replace(&length, &format!("content-length: {replaced}\r\n")))
            .collect();
        // Every head ends with a blank line, and every line with CR LF.
        assert_eq!(head.matches("\r\n").count(), head.matches('\n').count());
        self.text(head.replace("\r\n", "\n").as_bytes()) + &text
    }

    /// Returns printable text for any bytes.
    ///
    /// A backslash begins `\xNN`, a byte, or `\(UNIT*COUNT)`, a repetition.
    pub fn text(&self, bytes: &[u8]) -> String {
        let bytes = self.replace(bytes);
        let mut text = String::new();
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            if let Some((unit, count)) = repetition(rest) {
                text.push_str(&format!("\\({}*{count})", escape(unit).replace('\n', "\\n")));
                rest = &rest[unit.len() * count..];
            } else {
                text.push_str(&escape(&rest[..1]));
                rest = &rest[1..];
            }
        }
        text
    }

    fn find_epoch(&mut self, body: &[u8]) {
        let id = Regex::new(r#"(?:\nid: |"id":")([0-9a-z]{6})-"#).expect("a valid expression");
        if self.epoch.is_none() {
            let found = id.captures(body).map(|captures| captures[1].to_vec());
            self.epoch = found.map(|epoch| String::from_utf8(epoch).expect("ASCII"));
        }
    }

    fn replace(&self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = self.with_nominal_retry(bytes);
        let mut replace = |pattern: &str, replacement: &str| {
            let pattern = Regex::new(pattern).expect("a valid expression");
            bytes = pattern.replace_all(&bytes, replacement.as_bytes()).into_owned();
        };
        replace(r#""(time|last_change)":[0-9]{13}"#, "\"${1}\":0");
        replace(r"(data: )[0-9]{13}( [tb])", "${1}0${2}");
        replace(&regex::escape(&self.directory), "/DIRECTORY");
        replace(&format!("(ssetail-|localhost:){}", self.port), "${1}PORT");
        if let Some(epoch) = &self.epoch {
            replace(&format!("{epoch}-"), "EPOCH0-");
        }
        bytes
    }

    /// Replaces a reconnection time at the beginning of a body by the one that it is a quarter more
    /// or less than; another time stays as it is.
    fn with_nominal_retry(&self, bytes: &[u8]) -> Vec<u8> {
        let retry = Regex::new(r"\A:\nretry: ([0-9]+)\n").expect("a valid expression");
        let nominal = |captures: &Captures| {
            let text = std::str::from_utf8(&captures[1]).expect("digits");
            let time: u64 = text.parse().expect("a number");
            let is_near = |nominal: &u64| (nominal * 3 / 4..=nominal * 5 / 4).contains(&time);
            let nominal = [self.reconnect_delay, OVER_LIMIT].into_iter().find(is_near);
            format!(":\nretry: {}\n", nominal.unwrap_or(time)).into_bytes()
        };
        retry.replace(bytes, nominal).into_owned()
    }
}

/// Returns the unit and the count of a repetition at the beginning of `bytes`.
fn repetition(bytes: &[u8]) -> Option<(&[u8], usize)> {
    (1..=REPEATED_UNIT.min(bytes.len())).find_map(|len| {
        let unit = &bytes[..len];
        let count = bytes.chunks_exact(len).take_while(|chunk| *chunk == unit).count();
        (count >= REPETITIONS).then_some((unit, count))
    })
}

fn escape(bytes: &[u8]) -> String {
    let escape = |byte: &u8| match byte {
        b'\n' | b' '..=b'[' | b']'..=b'~' => char::from(*byte).to_string(),
        _ => format!("\\x{byte:02x}"),
    };
    bytes.iter().map(escape).collect()
}
