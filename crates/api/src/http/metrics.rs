//! Figures for the operator, as Prometheus text. None is about a person, none carries an id.

use std::{sync::Arc, time::Duration};

use axum::http::{Method, StatusCode};
use gongyi_app::App;
use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder, core::Collector,
};

/// Buckets of durations, in seconds.
const DURATION_BUCKETS_SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// The figures of one node.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Figures>);

#[derive(Debug)]
struct Figures {
    registry: Registry,
    requests: IntCounterVec,
    request_seconds: HistogramVec,
    operations: IntCounterVec,
    commands: IntCounterVec,
    command_seconds: HistogramVec,
    sockets: IntGauge,
    subscriptions: IntGauge,
    log_position: IntGauge,
    view_position: IntGaugeVec,
    view_lag: IntGaugeVec,
    view_parked: IntGaugeVec,
    process_parked: IntGaugeVec,
    things: IntGaugeVec,
}

/// Something open, counted until it is dropped.
pub(crate) struct OpenGuard(IntGauge);

impl OpenGuard {
    fn of(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for OpenGuard {
    fn drop(&mut self) {
        self.0.dec();
    }
}

fn kept<C: Collector + Clone + 'static>(registry: &Registry, made: prometheus::Result<C>) -> C {
    let collector = made.expect("names and labels are constants of this file");
    registry.register(Box::new(collector.clone())).expect("every name is registered once");
    collector
}

impl Default for Metrics {
    fn default() -> Self {
        let registry = Registry::new();
        let counters = |name: &str, help: &str, labels: &[&str]| kept(&registry, IntCounterVec::new(Opts::new(name, help), labels));
        let gauges = |name: &str, help: &str, labels: &[&str]| kept(&registry, IntGaugeVec::new(Opts::new(name, help), labels));
        let gauge = |name: &str, help: &str| kept(&registry, IntGauge::new(name, help));
        let seconds = |name: &str, help: &str, labels: &[&str]| {
            let options = HistogramOpts::new(name, help).buckets(DURATION_BUCKETS_SECONDS.to_vec());
            kept(&registry, HistogramVec::new(options, labels))
        };
        let figures = Figures {
            requests: counters("gongyi_http_requests_total", "Requests answered.", &["route", "method", "status"]),
            request_seconds: seconds("gongyi_http_request_duration_seconds", "How long requests took.", &["route"]),
            operations: counters("gongyi_graphql_operations_total", "GraphQL operations over HTTP.", &["kind", "result"]),
            commands: counters("gongyi_commands_total", "Commands by what became of them.", &["command", "result"]),
            command_seconds: seconds("gongyi_command_duration_seconds", "How long commands took.", &["command"]),
            sockets: gauge("gongyi_sockets_open", "WebSockets open."),
            subscriptions: gauge("gongyi_subscriptions_open", "Subscriptions running."),
            log_position: gauge("gongyi_log_position", "The log's last position."),
            view_position: gauges("gongyi_view_position", "How far a read model has come.", &["view"]),
            view_lag: gauges("gongyi_view_lag_events", "Events a read model has yet to fold.", &["view"]),
            view_parked: gauges("gongyi_view_parked", "1 for a read model that met an event it cannot fold.", &["view"]),
            process_parked: gauges("gongyi_process_parked", "Events the rules kept a process from carrying out.", &["process"]),
            things: gauges("gongyi_things", "How much there is of everything.", &["what", "group"]),
            registry: registry.clone(),
        };
        Self(Arc::new(figures))
    }
}

impl Metrics {
    pub(crate) fn request(&self, route: &str, method: &Method, status: StatusCode, took: Duration) {
        let method = match *method {
            Method::GET => "GET",
            Method::POST => "POST",
            _ => "other",
        };
        self.0.requests.with_label_values(&[route, method, status.as_str()]).inc();
        self.0.request_seconds.with_label_values(&[route]).observe(took.as_secs_f64());
    }

    pub(crate) fn operation(&self, kind: &str, result: &str) {
        self.0.operations.with_label_values(&[kind, result]).inc();
    }

    pub(crate) fn command(&self, command: &str, result: &str, took: Duration) {
        self.0.commands.with_label_values(&[command, result]).inc();
        self.0.command_seconds.with_label_values(&[command]).observe(took.as_secs_f64());
    }

    pub(crate) fn socket(&self) -> OpenGuard {
        OpenGuard::of(&self.0.sockets)
    }

    pub(crate) fn subscription(&self) -> OpenGuard {
        OpenGuard::of(&self.0.subscriptions)
    }

    /// Everything as text, with how far log and views are now. What cannot be read now keeps its last figure.
    pub(crate) async fn text(&self, app: &App) -> String {
        let figure = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        if let Ok(head) = app.log().head().await {
            self.0.log_position.set(figure(head.position));
            for view in app.views().status() {
                self.0.view_position.with_label_values(&[view.name]).set(figure(view.position));
                self.0.view_lag.with_label_values(&[view.name]).set(figure(head.position.saturating_sub(view.position)));
                self.0.view_parked.with_label_values(&[view.name]).set(i64::from(view.parked.is_some()));
            }
        }
        for (process, parked) in app.parked_processes().await.unwrap_or_default() {
            self.0.process_parked.with_label_values(&[process]).set(figure(parked));
        }
        if let Ok(statistics) = app.views().statistics().await {
            // A group that has emptied is no longer told of; its last figure must not stay.
            self.0.things.reset();
            for (what, group, count) in statistics.iter() {
                self.0.things.with_label_values(&[what, group]).set(figure(count));
            }
        }
        let mut text = Vec::new();
        if let Err(error) = TextEncoder::new().encode(&self.0.registry.gather(), &mut text) {
            tracing::error!(%error, "the metrics could not be written");
        }
        String::from_utf8(text).unwrap_or_default()
    }
}
