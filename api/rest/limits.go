package rest

import (
	"net/http"
	"strconv"
	"time"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/meter"
	"github.com/hivellm/nexus/tenancy"
)

// Headers that tell of limits: those of the IETF draft and the older X- ones; absent where nothing limits.
const (
	headerPolicy    = "Ratelimit-Policy"
	headerRateLimit = "Ratelimit"
	headerLimit     = "X-Ratelimit-Limit"
	headerRemaining = "X-Ratelimit-Remaining"
	headerReset     = "X-Ratelimit-Reset"
	headerCost      = "X-Nexus-Cost"
)

// limited asks for the rate's step, and tells in headers where the tenant stands then. docs/CLUSTER.md says what they mean.
func (s *Server) limited(c *call) error {
	err := s.service.Rate(c.context, c.principal)
	if standing, found := s.service.Standing(c.principal); found {
		tellStanding(c.response.Header(), standing, time.Now())
	}
	return err
}

// tellStanding writes the headers. Where a rate limits, the X- headers are the rate's: it is the first to refuse.
func tellStanding(header http.Header, s meter.Standing, now time.Time) {
	resets := seconds(time.UnixMilli(s.Period.EndsAtMs()).Sub(now))
	var policy, standing []byte
	note := func(name string, limit, left uint64, window, resetIn int64) {
		if len(policy) > 0 {
			policy, standing = append(policy, ", "...), append(standing, ", "...)
		} else {
			header[headerLimit] = []string{strconv.FormatUint(limit, 10)}
			header[headerRemaining] = []string{strconv.FormatUint(left, 10)}
			header[headerReset] = []string{strconv.FormatInt(resetIn, 10)}
		}
		policy = appendNumber(appendNumber(append(append(append(policy, '"'), name...), '"'), ";q=", limit), ";w=", uint64(window))
		standing = appendNumber(appendNumber(append(append(append(standing, '"'), name...), '"'), ";r=", left), ";t=", uint64(resetIn))
	}
	if s.Rated {
		window := int64(1)
		if s.PerSecond > 0 {
			window = int64(max(1, (s.Burst+s.PerSecond-1)/s.PerSecond))
		}
		note("rate", s.Burst, s.Level, window, seconds(time.Duration(s.FullInNs)))
	}
	month := int64(31 * 24 * 3600)
	if s.Requests.Limited {
		note("requests", s.Requests.Limit, s.Requests.Left(), month, resets)
	}
	if s.Writes.Limited {
		note("writes", s.Writes.Limit, s.Writes.Left(), month, resets)
	}
	header[headerPolicy], header[headerRateLimit] = []string{string(policy)}, []string{string(standing)}
}

func appendNumber(dst []byte, name string, n uint64) []byte {
	return strconv.AppendUint(append(dst, name...), n, 10)
}

// seconds is a span in whole seconds, rounded up.
func seconds(d time.Duration) int64 { return int64(max(0, (d+time.Second-1)/time.Second)) }

// The two costs that requests have, ready to be sent.
var (
	costFree  = []string{"requests=0, writes=0"}
	costRead  = []string{"requests=1, writes=0"}
	costWrite = []string{"requests=1, writes=1"}
)

// tellCost writes what a tenant's request was charged. It is called when the answer begins, and by then it is known.
func (c *call) tellCost() {
	told := costFree
	switch c.cost {
	case api.Cost{Requests: 1}:
		told = costRead
	case api.Cost{Requests: 1, Writes: 1}:
		told = costWrite
	}
	c.response.Header()[headerCost] = told
}

// counted counts a request's bodies when it is over.
func (s *Server) counted(p tenancy.Principal, c *call) {
	s.service.Count(p, api.Traffic{BytesIn: uint64(len(c.body)), BytesOut: uint64(max(0, c.response.Size))})
}
