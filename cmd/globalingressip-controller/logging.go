package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/go-logr/logr"
	"github.com/spf13/pflag"
)

// logSettings say how log lines look and how many there are.
type logSettings struct {
	format string
	level  string
}

func (l *logSettings) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&l.format, "log-format", "json", "json or text")
	flags.StringVar(&l.level, "log-level", "info", "debug, info, warn or error")
}

func (l *logSettings) newLogger(out io.Writer, at places) (logr.Logger, error) {
	var (
		level  slog.Level
		faults []error
	)

	if err := level.UnmarshalText([]byte(l.level)); err != nil {
		faults = append(faults, fmt.Errorf("%s %q: use debug, info, warn or error", at.named("log-level"), l.level))
	}

	options := &slog.HandlerOptions{Level: level}

	var handler slog.Handler

	switch l.format {
	case "json":
		handler = slog.NewJSONHandler(out, options)
	case "text":
		handler = slog.NewTextHandler(out, options)
	default:
		faults = append(faults, fmt.Errorf("%s %q: use json or text", at.named("log-format"), l.format))
	}

	return logr.FromSlogHandler(handler), errors.Join(faults...)
}
