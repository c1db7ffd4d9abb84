package controller

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
)

// Goal: an address is free when nothing leads from it any more, and a
// GlobalIngressIP is gone when its address is free, also when a step in between
// fails. Method: one exported Service, deleted; the order of writes tells.

func TestAGlobalIngressIPStaysUntilItsAddressIsFree(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	require.Empty(t, w.drive())
	w.remove(&corev1.Service{ObjectMeta: named("web")})

	unwell := errors.New("etcd is unwell")
	w.before = func(call string) error {
		if strings.HasPrefix(call, "delete IPAddress") {
			return unwell
		}

		return nil
	}
	assert.ErrorIs(t, errors.Join(w.drive()...), unwell)
	assert.Contains(t, w.gip("web").Finalizers, v1.Finalizer)
	assert.Equal(t, map[string]string{"242.0.0.6": "web"}, w.claimed())

	w.before = nil
	require.Empty(t, w.drive())
	assertNothingLeft(w)
}

func TestAnOrphanedClaimGoesAfterItsInternalService(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	require.Empty(t, w.drive())

	gip := w.gip("web") // somebody takes the finalizer off
	gip.Finalizers = nil
	require.NoError(t, w.Client.Update(w.ctx, gip))
	w.remove(gip)
	w.remove(&corev1.Service{ObjectMeta: named("web")})

	w.writes = nil
	w.restart()
	require.Empty(t, w.drive())

	internal := "Service shop/" + v1.InternalServiceName("web")
	assert.Equal(t, []string{"delete " + internal, "update " + internal, "delete IPAddress 242.0.0.6"}, w.writes)
	assertNothingLeft(w)
}
