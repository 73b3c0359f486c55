package raft

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
)

// libraryLogger passes the library's log records on to slog.
func libraryLogger(logger *slog.Logger) hclog.Logger {
	intercept := hclog.NewInterceptLogger(&hclog.LoggerOptions{Name: "raft", Level: hclog.Off, Output: io.Discard})
	intercept.RegisterSink(&logSink{logger: logger, spoken: map[string]time.Time{}})
	return intercept
}

// repeatEvery is how often the library may repeat itself: with a node down it says so many times a second.
const repeatEvery = 5 * time.Second

// maxSpoken bounds the messages remembered; the library has fewer.
const maxSpoken = 1024

// logSink implements hclog.SinkAdapter.
type logSink struct {
	logger *slog.Logger
	mu     sync.Mutex
	spoken map[string]time.Time // guarded by mu: when each message was passed on last
}

// repeats tells whether a message was passed on a moment ago.
func (s *logSink) repeats(message string) bool {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.spoken[message]) < repeatEvery {
		return true
	}
	if len(s.spoken) < maxSpoken {
		s.spoken[message] = now
	}
	return false
}

// Accept implements hclog.SinkAdapter. The library's "info" is chatty about each term; it goes to debug here.
func (s *logSink) Accept(_ string, level hclog.Level, message string, args ...any) {
	ours := slog.LevelDebug
	switch level {
	case hclog.Warn:
		ours = slog.LevelInfo
	case hclog.Error:
		ours = slog.LevelWarn
	}
	ctx := context.Background()
	if !s.logger.Enabled(ctx, ours) || (ours > slog.LevelDebug && s.repeats(message)) {
		return
	}
	for i, arg := range args {
		if format, isFormat := arg.(hclog.Format); isFormat && len(format) > 0 {
			if pattern, isText := format[0].(string); isText {
				args[i] = fmt.Sprintf(pattern, format[1:]...)
			}
		}
	}
	s.logger.Log(ctx, ours, "raft: "+message, args...)
}
