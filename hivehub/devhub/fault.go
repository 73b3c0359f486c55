package devhub

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

const (
	// maxLatency bounds what latency_ms may ask for.
	maxLatency = time.Minute
	// holdFor is how long a call that a fault puts out of order waits to be overtaken.
	holdFor = 250 * time.Millisecond
)

// rate is a share of calls: in JSON false, true or a number from 0 to 1.
type rate float64

// UnmarshalJSON reads a boolean or a number from 0 to 1.
func (r *rate) UnmarshalJSON(data []byte) error {
	var always bool
	if json.Unmarshal(data, &always) == nil {
		*r = 0
		if always {
			*r = 1
		}
		return nil
	}
	var share float64
	if err := json.Unmarshal(data, &share); err != nil || share < 0 || share > 1 {
		return refuse(http.StatusBadRequest, "a rate is true, false or a number from 0 to 1")
	}
	*r = rate(share)
	return nil
}

// faults is the body of POST /dev/faults. An absent field is no such fault; {} ends all.
type faults struct {
	// LatencyMs is waited before each answer.
	LatencyMs int64 `json:"latency_ms,omitempty"`
	// ErrorRate is the share of calls that are refused with Status and do nothing; 1 when only Status is given.
	ErrorRate *rate `json:"error_rate,omitempty"`
	// Status is what refused calls get; 500 when only ErrorRate is given.
	Status int `json:"status,omitempty"`
	// Drop is the share of calls that are done and whose answer is lost, and of events that are lost.
	Drop rate `json:"drop,omitempty"`
	// Duplicate is the share of POSTs that are handled twice, of pages that hold their rows twice, of events pushed twice.
	Duplicate rate `json:"duplicate,omitempty"`
	// Reorder is the share of POSTs that the next one overtakes, of pages in reverse, of events that wait for later ones.
	Reorder rate `json:"reorder,omitempty"`
	// Until ends the faults; absent, they stay.
	Until *time.Time `json:"until,omitempty"`
}

func (f *faults) check(now time.Time) error {
	switch {
	case f.LatencyMs < 0 || time.Duration(f.LatencyMs)*time.Millisecond > maxLatency || f.LatencyMs > maxLatency.Milliseconds():
		return refuse(http.StatusBadRequest, "latency_ms must be 0 to %d", maxLatency.Milliseconds())
	case f.Status != 0 && (f.Status < 400 || f.Status > 599):
		return refuse(http.StatusBadRequest, "status must be 400 to 599")
	case f.Until != nil && !f.Until.After(now):
		return refuse(http.StatusBadRequest, "until has passed")
	}
	if f.Status != 0 && f.ErrorRate == nil {
		always := rate(1)
		f.ErrorRate = &always
	}
	if f.ErrorRate != nil && f.Status == 0 {
		f.Status = http.StatusInternalServerError
	}
	return nil
}

// faultSwitch holds the faults that are on.
type faultSwitch struct {
	chance func() float64
	now    func() time.Time

	mu    sync.Mutex
	on    faults        // guarded by mu
	ended chan struct{} // guarded by mu; closed when other faults take its place
	held  chan struct{} // guarded by mu; a call that waits to be overtaken
}

func newFaultSwitch(chance func() float64, now func() time.Time) *faultSwitch {
	return &faultSwitch{chance: chance, now: now, ended: make(chan struct{})}
}

// set puts other faults in the place of those that are on; what these hold up goes on.
func (f *faultSwitch) set(on faults) {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.ended)
	f.on, f.ended = on, make(chan struct{})
}

func (f *faultSwitch) clear() { f.set(faults{}) }

// current is what is on now.
func (f *faultSwitch) current() faults {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.currentLocked()
}

func (f *faultSwitch) currentLocked() faults {
	if f.on.Until != nil && !f.now().Before(*f.on.Until) {
		f.on = faults{}
	}
	return f.on
}

// faultPlan is what befalls one call or event.
type faultPlan struct {
	latency                  time.Duration
	status                   int
	drop, duplicate, reorder bool
	ended                    <-chan struct{}
}

// plan draws what befalls a call or an event.
func (f *faultSwitch) plan() faultPlan {
	f.mu.Lock()
	defer f.mu.Unlock()
	on := f.currentLocked()
	plan := faultPlan{latency: time.Duration(on.LatencyMs) * time.Millisecond, ended: f.ended}
	hit := func(r rate) bool { return r > 0 && f.chance() < float64(r) }
	if on.ErrorRate != nil && hit(*on.ErrorRate) {
		plan.status = on.Status
	}
	plan.drop, plan.duplicate, plan.reorder = hit(on.Drop), hit(on.Duplicate), hit(on.Reorder)
	return plan
}

// wait waits for the plan's latency; false when the caller left.
func (p faultPlan) wait(ctx context.Context) bool {
	if p.latency == 0 {
		return true
	}
	timer := time.NewTimer(p.latency)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.ended:
	case <-ctx.Done():
		return false
	}
	return true
}

// overtake holds a call until the next one has been done, or for a moment where none comes; the next one does not
// wait. What it returns is called when the call is done.
func (f *faultSwitch) overtake(ctx context.Context) func() {
	f.mu.Lock()
	if held := f.held; held != nil {
		f.held = nil
		f.mu.Unlock()
		return func() { close(held) }
	}
	own := make(chan struct{})
	f.held = own
	f.mu.Unlock()
	timer := time.NewTimer(holdFor)
	defer timer.Stop()
	select {
	case <-own:
	case <-timer.C:
	case <-ctx.Done():
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.held == own {
		f.held = nil
	}
	return func() {}
}
