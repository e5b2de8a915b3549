//! One connection, from its first byte to its end.

use std::{convert::Infallible, future::poll_fn, net::SocketAddr, pin::pin, sync::Arc, task::Poll};

use axum::{
    body::Body,
    extract::Request,
    http::{self, HeaderValue, header},
    response::Response,
};
use http_body::Body as _;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use tokio::net::TcpStream;
use tokio_util::either::Either;
use tower::Service;

use super::{
    activity::{Activity, Order},
    body::{self, Answering, Received},
    head,
    limits::Limits,
    open::Place,
    tls::Tls,
    watched::Watched,
};
use crate::http::client::Peer;

/// What answers requests, whatever it is made of.
pub trait Routes:
    Service<Request, Response = Response, Error = Infallible, Future: Send>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> Routes for S where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// What all connections are served with.
pub(super) struct Serving<S> {
    pub(super) builder: Builder<TokioExecutor>,
    /// What answers requests.
    pub(super) router: S,
    pub(super) limits: Limits,
    pub(super) tls: Option<Arc<Tls>>,
}

impl<S: Routes> Serving<S> {
    /// Serves a connection until it ends, or is told to.
    pub(super) async fn serve(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, place: Place) {
        // Answers are written in one go; waiting for more of them only delays the last packet.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
        let activity = &place.activity;
        let stream = match &self.tls {
            None => Either::Left(stream),
            Some(tls) => match unless_told(activity, tls.accept(stream)).await {
                Some(Ok(stream)) => Either::Right(Box::new(stream)),
                Some(Err(error)) => {
                    tracing::debug!(%error, "a connection did not come to speak TLS");
                    return;
                }
                None => return,
            },
        };
        let stream = TokioIo::new(Watched::new(stream, Arc::clone(activity)));
        let answer = service_fn(|request| self.answer(activity, Peer(peer), request));
        let mut connection = pin!(self.builder.serve_connection(stream, answer));
        let mut is_told = false;
        poll_fn(|context| {
            match activity.order(context) {
                Order::LetGo => {
                    tracing::debug!("a connection has been closed");
                    return Poll::Ready(());
                }
                Order::Finish if !is_told => {
                    is_told = true;
                    connection.as_mut().graceful_shutdown();
                }
                Order::Finish | Order::GoOn => {}
            }
            connection.as_mut().poll(context).map(|ended| {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended early");
                }
            })
        })
        .await;
    }

    fn answer(
        &self,
        activity: &Arc<Activity>,
        peer: Peer,
        request: http::Request<Incoming>,
    ) -> impl Future<Output = Result<http::Response<body::Answer>, Infallible>> + use<S> {
        let answering = Answering::begin(activity, request.version() == http::Version::HTTP_2);
        let (mut head, body) = request.into_parts();
        head.extensions.insert(peer);
        let malformed =
            head::wrong_host(&head).or(activity.is_malformed().then_some(head::FRAMING));
        if let Some(malformed) = malformed {
            head.extensions.insert(malformed);
            // Whatever follows it is not read.
            activity.leave_unread();
        }
        let body = if body.is_end_stream() {
            Body::empty()
        } else {
            let received = Received::default();
            let body = body::Request::new(body, activity, &received, &self.limits);
            head.extensions.insert(received);
            Body::new(body)
        };
        let request = http::Request::from_parts(head, body);
        let answer = self.router.clone().call(request);
        let activity = Arc::clone(activity);
        async move {
            let mut answer = answer.await?;
            // The end of the connection is no surprise to who is told of it: nothing is sent into it that would be lost.
            if activity.has_unread() {
                let headers = answer.headers_mut();
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(answer.map(|body| body::Answer::new(body, answering)))
        }
    }
}

/// What comes of something, unless the connection is told to end before.
async fn unless_told<T>(activity: &Activity, something: impl Future<Output = T>) -> Option<T> {
    let mut something = pin!(something);
    poll_fn(|context| match activity.order(context) {
        Order::GoOn => something.as_mut().poll(context).map(Some),
        Order::Finish | Order::LetGo => Poll::Ready(None),
    })
    .await
}
