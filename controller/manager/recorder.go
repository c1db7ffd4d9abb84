package manager

import (
	"context"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/record"
	"k8s.io/klog/v2"
)

// NewRecorder returns a recorder of Events as component, and how to stop it.
func NewRecorder(ctx context.Context, log logr.Logger, component string, core corev1client.EventsGetter, scheme *runtime.Scheme) (record.EventRecorder, func()) {
	ctx, cancel := context.WithCancel(ctx)
	broadcaster := record.NewBroadcaster(record.WithContext(klog.NewContext(ctx, log)))
	broadcaster.StartRecordingToSink(untilStopped{ctx, &corev1client.EventSinkImpl{Interface: core.Events("")}})
	stop := func() {
		cancel()
		broadcaster.Shutdown()
	}

	return broadcaster.NewRecorder(scheme, corev1.EventSource{Component: component}), stop
}

// untilStopped keeps a recorder that has been stopped from sending what it still
// had in its queue: a replica that lost its leadership has nothing more to say.
type untilStopped struct {
	ctx context.Context
	record.EventSink
}

// Create implements record.EventSink.
func (u untilStopped) Create(event *corev1.Event) (*corev1.Event, error) {
	if err := u.stopped(); err != nil {
		return nil, err
	}

	return u.EventSink.Create(event)
}

// Update implements record.EventSink.
func (u untilStopped) Update(event *corev1.Event) (*corev1.Event, error) {
	if err := u.stopped(); err != nil {
		return nil, err
	}

	return u.EventSink.Update(event)
}

// Patch implements record.EventSink.
func (u untilStopped) Patch(event *corev1.Event, data []byte) (*corev1.Event, error) {
	if err := u.stopped(); err != nil {
		return nil, err
	}

	return u.EventSink.Patch(event, data)
}

// stopped is the one error that a recorder does not try to get over.
func (u untilStopped) stopped() error {
	if err := u.ctx.Err(); err != nil {
		return &rest.RequestConstructionError{Err: err}
	}

	return nil
}
