//! A cluster of three servers with three replicas, of which one after the other is killed.

use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::harness::{Ssetail, eventually, write_until};
use crate::kills::assert_all;
use crate::reader::Reader;
use crate::server::{SERVERS, Server};
use crate::{STATE, addresses, api, node};

/// Starts three servers that know each other.
///
/// The ports of their routes are reserved by sockets until the servers start, because each server has
/// to be told those of the others.
fn cluster(program: &'static str) -> Vec<Server> {
    let reserved: Vec<TcpListener> =
        (0..3).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port")).collect();
    let port = |socket: &TcpListener| socket.local_addr().expect("an address").port();
    let ports: Vec<u16> = reserved.iter().map(port).collect();
    drop(reserved);
    let routes: Vec<String> =
        ports.iter().map(|port| format!("nats-route://127.0.0.1:{port}")).collect();
    let start = |(number, port): (usize, &u16)| {
        let args = [
            "--jetstream".to_owned(),
            format!("--server_name=s{number}"),
            "--cluster_name=tests".to_owned(),
            format!("--cluster=nats://127.0.0.1:{port}"),
            format!("--routes={}", routes.join(",")),
        ];
        Server::on(program, args.to_vec(), "-1")
    };
    ports.iter().enumerate().map(start).collect()
}

#[test]
fn every_line_comes_once_from_a_cluster_whose_servers_are_killed() {
    let mut servers = cluster(SERVERS[1]);
    // The publisher and the nodes learn the addresses of the other servers from the first one.
    let url = servers[0].url();
    let create = ["--create", "--replicas", "3", "--host", "web1"];
    let publisher = Ssetail::new().file("x.log", "").args(["x.log", "--to", &url]);
    let publisher = publisher.args(create).args(STATE).start();
    eventually("the stream exists", || api::last_sequence(&servers[1]).is_some());
    let nodes = [node(&url), node(&url)];
    let at = addresses(&[&nodes[0], &nodes[1]]);
    let readers = [0, 200].map(|stay| Reader::start(&at, stay));
    let (path, stop) = (publisher.path("x.log"), AtomicBool::new(false));
    let written = std::thread::scope(|scope| {
        let writer = scope.spawn(|| write_until(&path, &stop));
        for victim in [1, 2, 0] {
            let seen = readers[0].lines().len();
            eventually("lines arrive", || readers[0].lines().len() >= seen + 300);
            servers[victim].kill();
            let seen = readers[0].lines().len();
            eventually("lines arrive from two servers", || readers[0].lines().len() >= seen + 300);
            servers[victim].restart();
        }
        stop.store(true, Ordering::Relaxed);
        writer.join().expect("the writer ends")
    });
    assert_all(&readers, written);
}
