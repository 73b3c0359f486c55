package devhub

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/hivellm/nexus/hivehub"
	"github.com/hivellm/nexus/tenancy"
)

const (
	eventsPath  = "/hivehub/events"
	pushTimeout = 5 * time.Second
	// firstPushPause doubles up to maxPushPause between two tries of one event.
	firstPushPause = 100 * time.Millisecond
	maxPushPause   = 10 * time.Second
	// maxPushTries ends the tries of one event: the receiver's next poll sees what it was about.
	maxPushTries = 12
	// maxQueued bounds the events that wait for one target; the oldest goes, since any later one asks for the same pull.
	maxQueued  = 1_024
	maxTargets = 32
)

// event is what is pushed.
type event struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// pusher tells every target of every event. It owns a goroutine per target.
type pusher struct {
	secret  tenancy.Secret
	faults  *faultSwitch
	now     func() time.Time
	logger  *slog.Logger
	client  *http.Client
	targets []*target
	life    context.Context
	end     context.CancelFunc
	work    sync.WaitGroup
}

// target is one address.
type target struct {
	url  string
	wake chan struct{} // holds one

	mu    sync.Mutex
	queue []event // guarded by mu
	state PushState
}

// PushState is how pushes to one address go.
type PushState struct {
	URL       string `json:"url"`
	Pending   int    `json:"pending"`
	Delivered uint64 `json:"delivered"`
	// Failed counts tries, GivenUp and Lost events: tried in vain, and pushed out of a full queue or lost by a fault.
	Failed    uint64 `json:"failed"`
	GivenUp   uint64 `json:"given_up"`
	Lost      uint64 `json:"lost"`
	LastError string `json:"last_error,omitempty"`
}

func newPusher(addresses []string, secret tenancy.Secret, faults *faultSwitch, now func() time.Time, logger *slog.Logger) (*pusher, error) {
	if len(addresses) > maxTargets {
		return nil, fmt.Errorf("events can be pushed to at most %d addresses", maxTargets)
	}
	if len(addresses) > 0 && len(secret.Reveal()) < hivehub.MinEventsSecret {
		return nil, fmt.Errorf("to push events, a secret of at least %d bytes is needed", hivehub.MinEventsSecret)
	}
	p := &pusher{
		secret: secret, faults: faults, now: now, logger: logger,
		client: &http.Client{
			Transport:     &http.Transport{MaxIdleConnsPerHost: 1, IdleConnTimeout: idleTimeout, MaxResponseHeaderBytes: maxHeader},
			Timeout:       pushTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	for _, address := range addresses {
		parsed, err := url.Parse(address)
		if err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" || parsed.User != nil {
			return nil, fmt.Errorf("%q is not an address to push to: expected http://host:port", address)
		}
		if parsed.Path == "" || parsed.Path == "/" {
			parsed.Path = eventsPath
		}
		p.targets = append(p.targets, &target{url: parsed.String(), wake: make(chan struct{}, 1)})
	}
	p.life, p.end = context.WithCancel(context.Background())
	return p, nil
}

func (p *pusher) start() {
	for _, t := range p.targets {
		p.work.Add(1)
		go func() {
			defer p.work.Done()
			p.run(t)
		}()
	}
}

// stop ends all pushes and waits for them. What was not told is told by the receiver's next poll.
func (p *pusher) stop() {
	p.end()
	p.work.Wait()
	p.client.CloseIdleConnections()
}

// tell queues an event for every target; it never waits.
func (p *pusher) tell(kind, id string) {
	plan := p.faults.plan()
	for _, t := range p.targets {
		if plan.drop {
			t.note(func(s *PushState) { s.Lost++ })
			continue
		}
		t.put(event{kind, id}, plan)
	}
}

func (t *target) put(e event, plan faultPlan) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if plan.reorder {
		t.queue = append([]event{e}, t.queue...)
	} else {
		t.queue = append(t.queue, e)
	}
	if plan.duplicate {
		t.queue = append(t.queue, e)
	}
	for len(t.queue) > maxQueued {
		t.queue = t.queue[1:]
		t.state.Lost++
	}
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

func (t *target) take() (event, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.queue) == 0 {
		return event{}, false
	}
	first := t.queue[0]
	t.queue = t.queue[1:]
	return first, true
}

func (t *target) note(change func(s *PushState)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(&t.state)
}

func (p *pusher) run(t *target) {
	for {
		for e, ok := t.take(); ok; e, ok = t.take() {
			p.deliver(t, e)
		}
		select {
		case <-t.wake:
		case <-p.life.Done():
			return
		}
	}
}

// deliver tells one event until it is taken, or given up.
func (p *pusher) deliver(t *target, e event) {
	pause := firstPushPause
	for range maxPushTries {
		p.faults.plan().wait(p.life)
		err := p.push(t.url, e)
		if p.life.Err() != nil {
			return
		}
		if err == nil {
			t.note(func(s *PushState) { s.Delivered++; s.LastError = "" })
			return
		}
		t.note(func(s *PushState) { s.Failed++; s.LastError = err.Error() })
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-p.life.Done():
			timer.Stop()
			return
		}
		pause = min(2*pause, maxPushPause)
	}
	t.note(func(s *PushState) { s.GivenUp++ })
	p.logger.Warn("an event was not taken: the next poll will see what it was about", "url", t.url, "type", e.Type)
}

// push signs an event and sends it once. Each try has its own nonce.
func (p *pusher) push(address string, e event) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	sent, err := http.NewRequestWithContext(p.life, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	timestamp, nonce := strconv.FormatInt(p.now().Unix(), 10), newName("n")
	sent.Header.Set("Content-Type", "application/json")
	sent.Header.Set(hivehub.HeaderTimestamp, timestamp)
	sent.Header.Set(hivehub.HeaderNonce, nonce)
	sent.Header.Set(hivehub.HeaderSignature, hivehub.SignEvent(p.secret, timestamp, nonce, body))
	got, err := p.client.Do(sent)
	if err != nil {
		return err
	}
	defer got.Body.Close() // read as far as it matters
	_, _ = io.Copy(io.Discard, io.LimitReader(got.Body, hivehub.MaxBody))
	if got.StatusCode < 200 || got.StatusCode > 299 {
		return fmt.Errorf("status %d", got.StatusCode)
	}
	return nil
}

func (p *pusher) status() []PushState {
	list := make([]PushState, 0, len(p.targets))
	for _, t := range p.targets {
		t.note(func(s *PushState) {
			s.URL, s.Pending = t.url, len(t.queue)
			list = append(list, *s)
		})
	}
	return list
}
