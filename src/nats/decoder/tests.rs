use super::*;
use crate::event::{EventId, MAX_INDEX, Name, Numbering, Position};
use crate::nats::chain::HostPosition;
use crate::nats::message::Outgoing;
use crate::nats::payload::control;

fn at(next: u64) -> HostPosition {
    let position = Position::before(next);
    let id = EventId { epoch: Epoch::from_random(1), position, numbering: Numbering::Run };
    HostPosition::of(id).expect("a position")
}

fn decoder() -> Decoder {
    let (address, _) = StreamAddress::parse("nats://h/LOGS").expect("an address");
    let registry = Registry::default();
    let head = registry.add(kind_of(&address), Name::new("LOGS".as_ref()));
    Decoder::new(address, registry, head)
}

/// Makes a message with so many events.
fn message(subject: &str, events: u64, payload: Vec<u8>) -> Received {
    let outgoing = Outgoing {
        after: at(1),
        last: at(1 + events),
        gap: None,
        events,
        bytes: 0,
        payload: payload.into(),
    };
    let (headers, payload) = (outgoing.headers("run", 0), outgoing.payload.clone());
    Received { subject: subject.to_owned(), sequence: 1, headers, payload }
}

/// Returns the JSON of the control events in a message.
fn decoded(decoder: &Decoder, message: &Received) -> Vec<String> {
    let numbers = Numbers { epoch: Epoch::from_random(2), shift: 0, meter: Arc::default() };
    let (batches, _) = decoder.decode(message, &numbers, &mut Before::default());
    batches.iter().map(|batch| batch.control_json().expect("JSON").to_string()).collect()
}

#[test]
fn a_control_event_of_another_program_is_one_line() {
    let decoder = decoder();
    let notice = r#"{"type":"source","file":"x.log","change":"rotated"}"#;
    let forged = ["{}\n\ndata: forged", "{\n\"a\":\n1}", notice];
    let payload = forged.map(|json| control("x.log", json)).concat();
    let events = decoded(&decoder, &message("ssetail.LOGS.web1", 3, payload));
    assert_eq!(
        events,
        ["{}", r#"{"a":1}"#, r#"{"type":"source","file":"web1/x.log","change":"rotated"}"#]
    );
}

#[test]
fn messages_of_other_subjects_have_no_events() {
    let decoder = decoder();
    for subject in ["orders.new", "ssetail.OTHER.web1", "ssetail.LOGS"] {
        assert!(decoded(&decoder, &message(subject, 1, b"x".to_vec())).is_empty(), "{subject}");
    }
    assert_eq!(decoded(&decoder, &message("ssetail.LOGS.a", 1, b"x".to_vec())).len(), 1);
}

#[test]
fn hosts_above_the_limit_are_the_stream_itself() {
    let decoder = decoder();
    for host in 0..MAX_HOSTS {
        assert_eq!(decoder.source(&host.to_string(), "").name.as_str(), host.to_string());
    }
    for name in ["", "x.log"] {
        assert_eq!(decoder.source("one more", name).name.as_str(), "LOGS");
    }
    assert_eq!(decoder.source("7", "x.log").name.as_str(), "7/x.log");
}

#[test]
fn a_message_has_no_more_events_than_numbers() {
    let payload = |events| control("x", "{}").repeat(events as usize);
    for (events, is_readable) in [(MAX_INDEX - 1, true), (MAX_INDEX, false)] {
        let message = message("ssetail.LOGS.a", events, payload(events));
        let head = Head::parse(&message.headers).expect("a head");
        assert_eq!(head.parts(&message.payload).is_some(), is_readable, "{events}");
    }
}
