package agent

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	vklog "github.com/virtual-kubelet/virtual-kubelet/log"
	"github.com/virtual-kubelet/virtual-kubelet/trace"
)

// withLog has the library tell what it does to a logger of ours.
func withLog(ctx context.Context, log *slog.Logger) context.Context {
	return trace.WithTracer(vklog.WithLogger(ctx, libraryLog{log}), tracer{})
}

// tracer keeps the logger through the library's spans, of which nothing else is made: the one that it has by default takes it away.
type tracer struct{}

func (tracer) StartSpan(ctx context.Context, _ string) (context.Context, trace.Span) {
	return ctx, span{vklog.G(ctx)}
}

type span struct{ log vklog.Logger }

func (span) End()                   {}
func (span) SetStatus(error)        {}
func (s span) Logger() vklog.Logger { return s.log }

func (span) WithField(ctx context.Context, key string, value any) context.Context {
	return vklog.WithLogger(ctx, vklog.G(ctx).WithField(key, value))
}

func (span) WithFields(ctx context.Context, fields vklog.Fields) context.Context {
	return vklog.WithLogger(ctx, vklog.G(ctx).WithFields(fields))
}

// libraryLog is the library's logger over ours. What it calls a warning or an error is tried again by itself or swallowed on purpose,
// and told by this agent where it matters.
type libraryLog struct{ to *slog.Logger }

var _ vklog.Logger = libraryLog{}

func (l libraryLog) Debug(args ...any)                 { l.to.Debug(fmt.Sprint(args...)) }
func (l libraryLog) Debugf(format string, args ...any) { l.to.Debug(fmt.Sprintf(format, args...)) }
func (l libraryLog) Info(args ...any)                  { l.to.Debug(fmt.Sprint(args...)) }
func (l libraryLog) Infof(format string, args ...any)  { l.to.Debug(fmt.Sprintf(format, args...)) }
func (l libraryLog) Warn(args ...any)                  { l.to.Info(fmt.Sprint(args...)) }
func (l libraryLog) Warnf(format string, args ...any)  { l.to.Info(fmt.Sprintf(format, args...)) }
func (l libraryLog) Error(args ...any)                 { l.to.Warn(fmt.Sprint(args...)) }
func (l libraryLog) Errorf(format string, args ...any) { l.to.Warn(fmt.Sprintf(format, args...)) }

func (l libraryLog) Fatal(args ...any) {
	l.to.Error(fmt.Sprint(args...))
	os.Exit(1)
}

func (l libraryLog) Fatalf(format string, args ...any) { l.Fatal(fmt.Sprintf(format, args...)) }

func (l libraryLog) WithField(key string, value any) vklog.Logger {
	return libraryLog{l.to.With(key, value)}
}

func (l libraryLog) WithFields(fields vklog.Fields) vklog.Logger {
	args := make([]any, 0, 2*len(fields))
	for k, v := range fields {
		args = append(args, k, v)
	}
	return libraryLog{l.to.With(args...)}
}

func (l libraryLog) WithError(err error) vklog.Logger { return libraryLog{l.to.With("error", err)} }
