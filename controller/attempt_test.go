// A read whose connection breaks is made once, and its error neither looks like
// absence nor loses the error of a context.
package controller

import (
	"context"
	"errors"
	"io"
	"net/http"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

type broken struct {
	err   error
	calls int
}

func (b *broken) RoundTrip(*http.Request) (*http.Response, error) {
	b.calls++

	return nil, b.err
}

func TestACallIsMadeOnce(t *testing.T) {
	scheme := runtime.NewScheme()
	require.NoError(t, AddToScheme(scheme))

	for _, cause := range []error{io.EOF, syscall.ECONNRESET, syscall.ECONNREFUSED, errors.New("http2: client connection lost"), context.DeadlineExceeded} {
		line := &broken{err: cause}
		direct, err := newDirectClient(&rest.Config{Host: "http://apiserver", Transport: line}, scheme)
		require.NoError(t, err)

		calls := &calls{direct: direct, timeout: DefaultRequestTimeout, metrics: newCollectors()}
		err = calls.get(t.Context(), client.ObjectKey{Namespace: "a", Name: "b"}, &corev1.Service{})
		assert.Equal(t, 1, line.calls, cause)
		assert.False(t, apierrors.IsNotFound(err), cause)

		want := classNetwork
		if errors.Is(cause, context.DeadlineExceeded) {
			want = classTimeout
		}

		assert.Equal(t, want, classify(err), cause)
	}
}
