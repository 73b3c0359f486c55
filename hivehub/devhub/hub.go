package devhub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/hivellm/nexus/hivehub"
	"github.com/hivellm/nexus/tenancy"
)

const (
	// MinServiceKey is the shortest service key, in bytes.
	MinServiceKey = 16

	maxUnderWay   = 256
	maxHeader     = 64 << 10
	headerTimeout = 5 * time.Second
	bodyTimeout   = 30 * time.Second
	answerTimeout = maxLatency + 30*time.Second
	idleTimeout   = 60 * time.Second
	stopTimeout   = 5 * time.Second
)

// Options are what a hub needs to know.
type Options struct {
	// Dir is the hub's folder; it is made when it is not there, and locked while the hub is open.
	Dir string
	// ServiceKey is what nexus must show.
	ServiceKey tenancy.Secret
	// Push are the addresses events are pushed to: the URL of a node, or of its events route.
	Push []string
	// EventsSecret signs events; needed where Push is given.
	EventsSecret tenancy.Secret
	// Logger is told of starts, faults and pushes that fail; nil is silent.
	Logger *slog.Logger
	// Now is the hub's clock; time.Now when nil.
	Now func() time.Time
	// Chance gives numbers in [0, 1) for rates of faults; random when nil. It is called by one goroutine at a time.
	Chance func() float64
}

// Hub is an open development hub. All methods may be called at the same time.
type Hub struct {
	options Options
	logger  *slog.Logger
	now     func() time.Time
	routes  http.Handler
	calls   *callCounts
	faults  *faultSwitch
	pusher  *pusher
	hashing chan struct{} // a place for each password being hashed
	busy    chan struct{} // a place for each request under way

	mu      sync.RWMutex
	state   *state   // guarded by mu
	journal *journal // append and rewrite guarded by mu
}

// Open opens the hub of a folder. Close it.
func Open(options Options) (*Hub, error) {
	if key := options.ServiceKey.Reveal(); len(key) < MinServiceKey || !visible(key) {
		return nil, fmt.Errorf("the service key must be at least %d visible ASCII characters without spaces", MinServiceKey)
	}
	h := &Hub{
		options: options, logger: options.Logger, now: options.Now, state: newState(), calls: newCallCounts(),
		hashing: make(chan struct{}, maxHashing), busy: make(chan struct{}, maxUnderWay),
	}
	if h.logger == nil {
		h.logger = slog.New(slog.DiscardHandler)
	}
	if h.now == nil {
		h.now = time.Now
	}
	chance := options.Chance
	if chance == nil {
		chance = rand.Float64
	}
	h.faults = newFaultSwitch(chance, h.now)
	var err error
	if h.pusher, err = newPusher(options.Push, options.EventsSecret, h.faults, h.now, h.logger); err != nil {
		return nil, err
	}
	journal, torn, err := openJournal(options.Dir, newName("h"), h.take)
	if err != nil {
		return nil, err
	}
	if torn > 0 {
		h.logger.Warn("a change nobody was told of was cut off the end of the hub's file", "bytes", torn)
	}
	h.journal = journal
	h.routes = h.newRoutes()
	h.pusher.start()
	return h, nil
}

// Format prints a name and no secret, whatever the verb.
func (h *Hub) Format(state fmt.State, _ rune) { _, _ = state.Write([]byte("devhub.Hub")) }

// take applies one line of the journal.
func (h *Hub) take(line []byte) error {
	var c change
	if err := json.Unmarshal(line, &c); err != nil {
		return err
	}
	h.state.apply(&c)
	return nil
}

// Close ends pushes and closes the file. Requests under way must have ended: [Hub.Serve] waits for them.
func (h *Hub) Close() error {
	h.pusher.stop()
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.journal.close()
}

// ServeHTTP answers one request.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case h.busy <- struct{}{}:
		defer func() { <-h.busy }()
	default:
		answer(w, http.StatusServiceUnavailable, hivehub.ErrorBody{Error: "too many requests under way"})
		return
	}
	h.routes.ServeHTTP(w, r)
}

// Serve answers what comes to a listener until the context ends, then waits for what is under way, at most five
// seconds. It closes the listener.
func (h *Hub) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: bodyTimeout, WriteTimeout: answerTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(h.logger.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve the hub: %w", err)
	case <-ctx.Done():
	}
	h.faults.clear() // what a fault holds up must not hold up the end
	stop, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	err := server.Shutdown(stop)
	if err != nil {
		err = errors.Join(fmt.Errorf("requests were cut off: %w", err), server.Close())
	}
	<-ended
	return err
}

// read looks at the state.
func (h *Hub) read(look func(s *state)) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	look(h.state)
}

// write makes a change: make looks at the state and says what becomes of it; a nil change is none. When write returns
// nil the change is durable. The order of changes is that of the lock.
func (h *Hub) write(make func(s *state) (*change, error)) error {
	number, err := h.stage(make)
	if err != nil || number == 0 {
		return err
	}
	if err := h.journal.sync(number); err != nil {
		h.logger.Error("the hub's file cannot be written: nothing is taken until it starts again", "error", err)
		return err
	}
	return nil
}

func (h *Hub) stage(make func(s *state) (*change, error)) (uint64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.journal.long() {
		if err := h.journal.rewrite(h.state.lines); err != nil {
			return 0, fmt.Errorf("%w: %w", errJournal, err)
		}
	}
	c, err := make(h.state)
	if err != nil || c == nil {
		return 0, err
	}
	text, err := json.Marshal(c)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", errJournal, err)
	}
	number, err := h.journal.append(text)
	if err != nil {
		return 0, err
	}
	h.state.apply(c)
	return number, nil
}

// answer writes a JSON answer.
func answer(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"error":"the answer cannot be written"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // a caller that left needs no answer
}

// readBody reads a bounded body.
func readBody(r *http.Request) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r.Body, hivehub.MaxBody+1))
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "the body cannot be read")
	}
	if len(data) > hivehub.MaxBody {
		return nil, refuse(http.StatusRequestEntityTooLarge, "the body is longer than %d bytes", hivehub.MaxBody)
	}
	return data, nil
}
