package main

import (
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

func (l *logSettings) newLogger(out io.Writer) (logr.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.level)); err != nil {
		return logr.Logger{}, fmt.Errorf("--log-level %q: use debug, info, warn or error", l.level)
	}

	options := &slog.HandlerOptions{Level: level}

	switch l.format {
	case "json":
		return logr.FromSlogHandler(slog.NewJSONHandler(out, options)), nil
	case "text":
		return logr.FromSlogHandler(slog.NewTextHandler(out, options)), nil
	}

	return logr.Logger{}, fmt.Errorf("--log-format %q: use json or text", l.format)
}
