//! The ceiling: a bare hyper server that reads a request's body and answers fixed bytes. The baseline of all ratios, so it
//! is set up as the server is: the same allocator, the same runtime, HTTP/1.1 with keep-alive.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use tokio::net::TcpListener;
use tokio::runtime::Builder;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

async fn answer(
    request: Request<Incoming>,
    body: Bytes,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    request.into_body().collect().await?;
    let mut response = Response::new(Full::new(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
    let request_id = HeaderValue::from_static("0a306030-2302-4bff-a875-bbfa5852ebce");
    headers.insert(HeaderName::from_static("x-amzn-requestid"), request_id);
    Ok(response)
}

async fn serve(listener: TcpListener, body: Bytes) -> Result<Infallible, std::io::Error> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let body = body.clone();
        let service = service_fn(move |request| answer(request, body.clone()));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: ceiling HOST:PORT ANSWER-FILE";
    let listen = arguments.next().ok_or(usage)?;
    let body = Bytes::from(std::fs::read(arguments.next().ok_or(usage)?)?);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut builder =
        if cores == 1 { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    let runtime = builder.enable_all().build()?;
    runtime.block_on(async { serve(TcpListener::bind(listen).await?, body).await })?;
    Ok(())
}
