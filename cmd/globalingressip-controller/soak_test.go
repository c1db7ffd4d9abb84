// Random days at sea: users create, delete and create again, calls fail before
// or after they take effect, controllers are killed and restarted, sometimes
// two of them are at work. The law is checked at every entry of the revision
// log; when the weather has cleared, every exported Service must have its one
// address, nothing else may be left, and nothing more be written.
package main

import (
	"fmt"
	"math/rand"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	mcsv1alpha1 "sigs.k8s.io/mcs-api/pkg/apis/v1alpha1"

	"github.com/seatrial/seatrial/controller"
	v1 "github.com/seatrial/seatrial/controller/api/v1"
)

// day is one random day.
type day struct {
	*voyage
	rng   *rand.Rand
	kills []func()
}

func (d *day) put(err error) {
	if !apierrors.IsNotFound(err) && !apierrors.IsAlreadyExists(err) && !apierrors.IsConflict(err) {
		require.NoError(d, err)
	}
}

// act is one thing a user does.
func (d *day) act() {
	name := fmt.Sprint("s", d.rng.Intn(6))
	ctx := d.Context()
	export := &mcsv1alpha1.ServiceExport{ObjectMeta: named(name)}

	switch d.rng.Intn(14) {
	case 0, 1, 2, 3:
		d.put(d.user.Create(ctx, service(name)))
		d.put(d.user.Create(ctx, export))
	case 4, 5:
		d.put(d.user.Delete(ctx, export))
	case 6:
		d.put(d.user.Delete(ctx, service(name)))
	case 7:
		d.put(d.user.Delete(ctx, service(name)))
		d.put(d.user.Create(ctx, service(name)))
	case 8:
		d.put(d.user.Delete(ctx, export))
		d.put(d.user.Create(ctx, export))
	case 9, 10:
		d.edit(name)
	case 11:
		gips := d.published()
		if len(gips) > 0 {
			d.put(d.user.Delete(ctx, d.gip(gips[d.rng.Intn(len(gips))])))
		}
	case 12:
		foreign := &networkingv1.IPAddress{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("242.0.0.", 1+d.rng.Intn(14))},
			Spec:       networkingv1.IPAddressSpec{ParentRef: &networkingv1.ParentReference{Resource: "things", Name: "foreign"}},
		}
		d.put(d.user.Create(ctx, foreign))
	case 13:
		d.restart()
	}
}

func (d *day) edit(name string) {
	edited := service(name)
	if d.user.Get(d.Context(), client.ObjectKeyFromObject(edited), edited) == nil {
		edited.Spec.Ports[0].Port = int32(1000 + d.rng.Intn(1000))
		d.put(d.user.Update(d.Context(), edited))
	}
}

func (d *day) published() []string {
	var names []string

	for name, address := range d.law.published {
		if address != "" && d.user.Get(d.Context(), client.ObjectKey{Namespace: namespace, Name: name}, &v1.GlobalIngressIP{}) == nil {
			names = append(names, name)
		}
	}

	slices.Sort(names)

	return names
}

func (d *day) restart() {
	i := d.rng.Intn(len(d.kills))
	d.kills[i]()
	time.Sleep(time.Duration(d.rng.Intn(5000)) * time.Millisecond)
	d.kills[i] = d.launch(i)
}

func (d *day) launch(i int) func() {
	return d.start(func(o *controller.Options) {
		o.Identity = fmt.Sprint("controller-", i)
		o.CIDRs = []netip.Prefix{netip.MustParsePrefix("242.0.0.0/28")}
	})
}

// storm lets calls fail by chance, hidden or not.
func (d *day) storm(before, after float64) {
	d.mu.Lock()
	defer d.mu.Unlock()

	fail := func(chance float64) func(string) error {
		return func(string) error {
			if d.rng.Float64() < chance {
				return errDropped
			}

			return nil
		}
	}
	d.weather, d.aftermath = fail(before), fail(after)
}

func sailDay(t *testing.T, seed int64) {
	t.Helper()
	sail(t, func(v *voyage) {
		d := &day{voyage: v, rng: rand.New(rand.NewSource(seed))}
		for i := range 1 + d.rng.Intn(2) {
			d.kills = append(d.kills, d.launch(i))
		}

		rough := d.rng.Float64() * 0.4
		for range 25 {
			if d.rng.Intn(2) == 0 {
				d.storm(rough*d.rng.Float64(), rough*d.rng.Float64())
			} else {
				d.storm(0, 0)
			}

			d.act()
			time.Sleep(time.Duration(d.rng.Intn(400)) * time.Millisecond)
		}

		d.storm(0, 0)
		time.Sleep(3 * time.Minute)
		require.Empty(t, v.law.broken)
		d.assertInOrder()
		v.takeWrites()
		time.Sleep(time.Hour)
		assert.Empty(t, v.takeWrites(), "the world is quiet")

		for _, kill := range d.kills {
			kill()
		}
	})
}

// assertInOrder compares what is there with what should be.
func (d *day) assertInOrder() {
	want := 0

	for name := range d.law.services {
		if d.law.exports[name] != "" && !strings.HasPrefix(name, "submariner-") {
			want++
			assert.NotEmpty(d, d.addresses()[name], name)

			internal := d.internalService(name)
			exported := service(name)
			require.NoError(d, d.user.Get(d.Context(), client.ObjectKeyFromObject(exported), exported))
			assert.Equal(d, exported.Spec.Ports, internal.Spec.Ports)
		}
	}

	assert.Equal(d, fmt.Sprintf("%d GlobalIngressIPs, %d claims, %d internal Services", want, want, want), d.left())
}

func TestRandomDays(t *testing.T) {
	days := int64(40)
	if testing.Short() {
		days = 10
	}

	for seed := range days {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { sailDay(t, seed) })
	}
}
