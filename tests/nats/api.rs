//! Requests to a NATS server, for what operators do.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::eventually;
use crate::server::Server;

/// Time for which an answer is awaited; a cluster without a leader gives none.
const ANSWER: Duration = Duration::from_secs(1);

/// Sends a request until it is answered; returns the answer.
fn request(server: &Server, subject: &str, body: &str) -> Value {
    let mut answer = None;
    eventually("the server answers", || {
        answer = request_once(server, subject, body);
        answer.is_some()
    });
    answer.expect("an answer")
}

/// Sends one request; none if it is not answered.
fn request_once(server: &Server, subject: &str, body: &str) -> Option<Value> {
    let mut socket = TcpStream::connect(server.host()).expect("the server accepts");
    socket.set_read_timeout(Some(ANSWER)).expect("a timeout can be set");
    let mut reader = BufReader::new(socket.try_clone().expect("a socket"));
    let length = body.len();
    let text = format!(
        "CONNECT {{\"verbose\":false}}\r\nSUB answer 1\r\nPUB {subject} answer {length}\r\n{body}\r\n"
    );
    socket.write_all(text.as_bytes()).expect("sent");
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.starts_with("PING") {
            socket.write_all(b"PONG\r\n").expect("sent");
        }
        if line.starts_with("MSG") {
            let length = line.trim().rsplit(' ').next().expect("a length");
            let mut answer = vec![0; length.parse().expect("a number")];
            reader.read_exact(&mut answer).ok()?;
            return Some(serde_json::from_slice(&answer).expect("JSON"));
        }
    }
}

fn config(more: &Value) -> String {
    let mut config = json!({
        "name": "LOGS", "subjects": ["ssetail.LOGS.*"], "storage": "file", "allow_direct": true,
    });
    let fields = config.as_object_mut().expect("an object");
    fields.extend(more.as_object().expect("an object").clone());
    config.to_string()
}

pub fn create_stream(server: &Server, more: &Value) {
    let answer = request(server, "$JS.API.STREAM.CREATE.LOGS", &config(more));
    assert!(answer["error"].is_null(), "{answer}");
}

pub fn update_stream(server: &Server, more: &Value) {
    let answer = request(server, "$JS.API.STREAM.UPDATE.LOGS", &config(more));
    assert!(answer["error"].is_null(), "{answer}");
}

pub fn delete_stream(server: &Server) {
    let answer = request(server, "$JS.API.STREAM.DELETE.LOGS", "");
    assert_eq!(answer["success"], true, "{answer}");
}

/// Removes the messages before `sequence`.
pub fn purge_before(server: &Server, sequence: u64) {
    purge(server, &json!({ "seq": sequence }));
}

/// Removes the messages of one subject.
pub fn purge_subject(server: &Server, subject: &str) {
    purge(server, &json!({ "filter": subject }));
}

fn purge(server: &Server, what: &Value) {
    let answer = request(server, "$JS.API.STREAM.PURGE.LOGS", &what.to_string());
    assert_eq!(answer["success"], true, "{answer}");
}

/// Removes one message.
pub fn delete_message(server: &Server, sequence: u64) {
    let body = json!({ "seq": sequence }).to_string();
    let answer = request(server, "$JS.API.STREAM.MSG.DELETE.LOGS", &body);
    assert_eq!(answer["success"], true, "{answer}");
}

/// Returns the newest sequence; none if there is no stream.
pub fn last_sequence(server: &Server) -> Option<u64> {
    request(server, "$JS.API.STREAM.INFO.LOGS", "")["state"]["last_seq"].as_u64()
}

/// Returns the number of messages that the stream has.
pub fn messages(server: &Server) -> u64 {
    let info = request(server, "$JS.API.STREAM.INFO.LOGS", "");
    info["state"]["messages"].as_u64().expect("a number")
}

/// Publishes a message that is none of ssetail.
pub fn publish(server: &Server, subject: &str, body: &str) {
    let answer = request(server, subject, body);
    assert!(answer["error"].is_null(), "{answer}");
}
