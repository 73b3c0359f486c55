package rest

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/hivellm/nexus/api"
)

// seen is what this door counts of its requests, and the registry of all that GET /metrics shows. Labels are bounded: a
// function of the table or one of few other words, and the class of a status. None is a tenant's.
type seen struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

// latencies are the buckets of requests in seconds.
var latencies = []float64{.0002, .0005, .001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 30, 60}

func newSeen(service *api.Service) *seen {
	s := &seen{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "nexus_requests_total", Help: "Requests answered over HTTP, by function and class of status.",
		}, []string{"function", "class"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "nexus_request_seconds", Help: "Time from a request's arrival to the end of its answer, by function.", Buckets: latencies,
		}, []string{"function"}),
	}
	s.registry.MustRegister(s.requests, s.seconds, figures{service},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return s
}

// classes are the labels of statuses, by their first digit.
var classes = [...]string{"other", "1xx", "2xx", "3xx", "4xx", "5xx"}

func (s *seen) observe(function string, status int, took time.Duration) {
	if function == "" {
		function = unknownPath
	}
	class := classes[0]
	if digit := status / 100; digit > 0 && digit < len(classes) {
		class = classes[digit]
	}
	s.requests.WithLabelValues(function, class).Inc()
	s.seconds.WithLabelValues(function).Observe(took.Seconds())
}

// metrics is GET /metrics: Prometheus's text.
func (s *Server) metrics(c *call) error {
	if err := c.noBody(); err != nil {
		return err
	}
	promhttp.HandlerFor(s.seen.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError}).ServeHTTP(c.response, c.request)
	return nil
}

// figures shows what the service tells of its node.
type figures struct{ service *api.Service }

// Describe implements prometheus.Collector: what there is follows from what is collected.
func (figures) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (f figures) Collect(out chan<- prometheus.Metric) {
	for _, one := range f.service.Figures() {
		kind := prometheus.GaugeValue
		if one.Counter {
			kind = prometheus.CounterValue
		}
		var names, values []string
		if one.Label != "" {
			names, values = []string{one.Label}, []string{one.Of}
		}
		description := prometheus.NewDesc(one.Name, one.Help, names, nil)
		metric, err := prometheus.NewConstMetric(description, kind, one.Value, values...)
		if err != nil {
			metric = prometheus.NewInvalidMetric(description, err)
		}
		out <- metric
	}
}
