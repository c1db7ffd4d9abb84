package controller

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/controller/queue"
)

// Goal: a status tells what is so, once, and an address in it is one's own. Method:
// conditions are set by hand, errors are reported by hand.

var errForbidden = &callError{"create", "IPAddress", "", "242.0.0.6", apierrors.NewForbidden(schema.GroupResource{}, "", nil)}

func TestAConditionReplacesWhatElseBearsItsType(t *testing.T) {
	gip := &v1.GlobalIngressIP{ObjectMeta: named("web")}
	gip.Generation = 3

	for _, kind := range []string{"Allocated", "Other", "Allocated", "Other"} {
		gip.Status.Conditions = append(gip.Status.Conditions, metav1.Condition{Type: kind})
	}

	setCondition(gip, failure("Any", "thing"))

	var kinds []string
	for _, c := range gip.Status.Conditions {
		kinds = append(kinds, c.Type)
	}

	assert.Equal(t, []string{"Allocated", "Other", "Other"}, kinds)
	assert.Equal(t, "thing", gip.Status.Conditions[0].Message)
	assert.Equal(t, int64(3), gip.Status.Conditions[0].ObservedGeneration)
}

func TestAllocationAndReleaseAreTold(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	require.Empty(t, w.drive())
	assert.Equal(t, []string{"Normal Allocated Allocated global IP 242.0.0.6"}, w.told())

	var withdrawn *v1.GlobalIngressIP
	w.written = func() {
		if strings.HasPrefix(w.writes[len(w.writes)-1], "update status") {
			withdrawn = w.gip("web")
		}
	}
	w.remove(newService("web"))
	require.Empty(t, w.drive())
	require.NotNil(t, withdrawn)
	assert.Empty(t, withdrawn.Status.AllocatedIP)
	assert.Equal(t, v1.ReasonReleased, withdrawn.Status.Conditions[0].Reason)
	assert.Equal(t, "Released because the Service is deleted", withdrawn.Status.Conditions[0].Message)
}

func TestAForgedAddressIsWithdrawnWithTheNextReport(t *testing.T) {
	for shown, want := range map[string]string{"242.0.0.6": "242.0.0.6", "242.0.0.3": "", "nonsense": ""} {
		w := newWorld(t, "242.0.0.0/29")
		w.export("web")
		require.Empty(t, w.drive())

		gip := w.gip("web")
		gip.Status.AllocatedIP = shown
		require.NoError(t, w.Client.Status().Update(w.ctx, gip))

		w.reads = 0
		w.told()
		require.NoError(t, w.r.reportCondition(w.ctx, gip, failure("Any", "thing")))
		assert.Equal(t, want, w.gip("web").Status.AllocatedIP, shown)
		assert.Equal(t, []string{"Warning Any thing"}, w.told())
		assert.Equal(t, shown == "242.0.0.3", w.reads > 0, "only what could be an address of its own is asked for")
	}
}

func TestTroubleIsReportedWhenItLasts(t *testing.T) {
	unwell := &callError{"get", "Service", testNamespace, "web", errUnwell}
	conflict := &callError{"update", "Service", testNamespace, "web", apierrors.NewConflict(schema.GroupResource{}, "", nil)}
	status := &callError{verbStatus, "GlobalIngressIP", testNamespace, "web", errUnwell}

	for _, c := range []struct {
		name  string
		err   error
		first int // of so many reports the first that is one
	}{
		{"a hiccup", unwell, patience},
		{"a refusal", errForbidden, 1},
		{"a conflict", conflict, 0},
		{"a status that may have been written", status, 0},
	} {
		w := newWorld(t, "242.0.0.0/29")
		w.export("web")
		require.Empty(t, w.drive())
		w.writes = nil

		first := 0
		for n := range 2 * patience {
			w.r.reportTrouble(w.ctx, queue.IngressKey(testNamespace, "web"), c.err)

			if first == 0 && len(w.writes) > 0 {
				first = n + 1
			}
		}

		assert.Equal(t, c.first, first, c.name)
		assert.Len(t, w.writes, min(c.first, 1), "%s: once", c.name)
	}
}

func TestAReportThatIsNotWrittenIsNotTold(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")
	w.export("web")
	require.Empty(t, w.drive())
	w.told()
	w.before = failing("update status")
	require.ErrorIs(t, w.r.reportCondition(w.ctx, w.gip("web"), failure("Any", "thing")), errUnwell)
	assert.Empty(t, w.told())
}

func TestTroubleWithWhatIsGoneIsNobodysBusiness(t *testing.T) {
	w := newWorld(t, "242.0.0.0/29")

	var calls []string
	w.before = func(call string) error {
		calls = append(calls, call)

		return nil
	}
	w.r.reportTrouble(w.ctx, queue.IngressKey(testNamespace, "web"), errForbidden)
	assert.Empty(t, calls)
}

func TestHowTroubleIsWorded(t *testing.T) {
	timeout := &callError{"get", "Service", testNamespace, "web", context.DeadlineExceeded}

	for _, c := range []struct {
		name      string
		err       error
		published string
		status    metav1.ConditionStatus
		reason    string
		message   string
	}{
		{"not verified", timeout, "242.0.0.6", metav1.ConditionUnknown, v1.ReasonVerificationFailed,
			"could not get Service shop/web (timeout error); global IP 242.0.0.6 is kept, retrying"},
		{"no step", errors.New("odd"), "", metav1.ConditionUnknown, v1.ReasonVerificationFailed, "odd; retrying"},
		{"a step without an address", stepFailed("Step", timeout), "", metav1.ConditionFalse, "Step",
			"could not get Service shop/web (timeout error); retrying"},
		{"a step with an address", stepFailed("Step", timeout), "242.0.0.6", metav1.ConditionUnknown, v1.ReasonVerificationFailed,
			"could not get Service shop/web (timeout error); global IP 242.0.0.6 is kept, retrying"},
		{"a step that lasts", stepFailed("Step", errForbidden), "242.0.0.6", metav1.ConditionFalse, "Step",
			"could not create IPAddress 242.0.0.6 (forbidden error); global IP 242.0.0.6 is kept, retrying"},
		{"exhausted", poolExhausted(), "", metav1.ConditionFalse, v1.ReasonIPPoolAllocationFailed,
			"Error allocating a global IP from the pool: insufficient IPs available for allocation"},
	} {
		gip := &v1.GlobalIngressIP{}
		gip.Status.AllocatedIP = c.published
		assert.Equal(t, metav1.Condition{Status: c.status, Reason: c.reason, Message: c.message}, describeTrouble(gip, c.err), c.name)
	}
}
