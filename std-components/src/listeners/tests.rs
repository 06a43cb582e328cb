use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// An address that nobody uses now.
async fn free() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

#[tokio::test]
async fn the_successor_gets_the_socket_with_what_waits_in_it() {
    let listeners = Listeners::default();
    let address = free().await;
    let first = listeners.tcp("a.b.one", address).await.unwrap();
    let waiting = tokio::spawn(async move {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    });
    // In the queue of the socket, accepted by nobody.
    first.get().unwrap();
    let (second, ()) = tokio::join!(listeners.tcp("a.b.two", address), async {
        tokio::task::yield_now().await;
        drop(first);
    });
    let (mut stream, _) = second.unwrap().accept().await.unwrap();
    stream.write_all(b"two").await.unwrap();
    drop(stream);
    assert_eq!(waiting.await.unwrap(), "two");
}

#[tokio::test(start_paused = true)]
async fn an_address_that_another_component_keeps_is_refused_by_its_name() {
    let listeners = Listeners::default();
    let address = free().await;
    let first = listeners.tcp("a.b.one", address).await.unwrap();
    let error = listeners.tcp("a.b.two", address).await.unwrap_err().to_string();
    assert!(error.contains("a.b.one listens there"), "{error}");
    // Datagrams are another matter.
    drop(listeners.udp("a.b.two", address).await.unwrap());
    drop(first);
}

#[tokio::test]
async fn a_socket_that_nobody_takes_over_is_closed() {
    let listeners = Listeners::default();
    let address = free().await;
    drop(listeners.tcp("a.b.one", address).await.unwrap());
    assert_eq!(listeners.tcp.places.lock().len(), 1);
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(listeners.tcp.places.lock().is_empty());
    drop(listeners.tcp("a.b.two", address).await.unwrap());
}

#[tokio::test]
async fn what_the_system_refuses_leaves_nothing_behind() {
    let listeners = Listeners::default();
    let foreign = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = foreign.local_addr().unwrap();
    let error = listeners.tcp("a.b.one", address).await.unwrap_err();
    assert!(matches!(error, ListenError::System { .. }), "{error}");
    drop(foreign);
    listeners.tcp("a.b.one", address).await.unwrap();
    // Of port 0, everybody gets one of their own.
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let (one, two) = (
        listeners.tcp("a", any).await.unwrap(),
        listeners.tcp("b", any).await.unwrap(),
    );
    assert_ne!(
        one.get().unwrap().local_addr().unwrap(),
        two.get().unwrap().local_addr().unwrap()
    );
}
