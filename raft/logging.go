package raft

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/hashicorp/go-hclog"
)

// libraryLogger passes the library's log records on to slog.
func libraryLogger(logger *slog.Logger) hclog.Logger {
	intercept := hclog.NewInterceptLogger(&hclog.LoggerOptions{Name: "raft", Level: hclog.Off, Output: io.Discard})
	intercept.RegisterSink(logSink{logger})
	return intercept
}

// logSink implements hclog.SinkAdapter.
type logSink struct{ logger *slog.Logger }

// Accept implements hclog.SinkAdapter. The library's "info" is chatty about each term; it goes to debug here.
func (s logSink) Accept(_ string, level hclog.Level, message string, args ...any) {
	ours := slog.LevelDebug
	switch level {
	case hclog.Warn:
		ours = slog.LevelInfo
	case hclog.Error:
		ours = slog.LevelWarn
	}
	ctx := context.Background()
	if !s.logger.Enabled(ctx, ours) {
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
