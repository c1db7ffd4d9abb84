// Every historical bug has a story in which it shows. The story is told three
// times: the subject with the bug must show it, upstream's design without the
// bug must not, and neither must the controller that ships.
package main

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	mcsv1alpha1 "sigs.k8s.io/mcs-api/pkg/apis/v1alpha1"

	"github.com/seatrial/seatrial/controller"
	v1 "github.com/seatrial/seatrial/controller/api/v1"
	"github.com/seatrial/seatrial/controller/historical"
)

type runFunc = func(context.Context, *rest.Config, controller.Options) error

// told is one telling of a story.
type told struct {
	*voyage
	subject runFunc
	kill    func() error
}

func (s *told) up(cidrs ...string) {
	o := controller.Options{}
	for _, cidr := range append(cidrs, "242.0.0.0/28")[:max(1, len(cidrs))] {
		o.CIDRs = append(o.CIDRs, netip.MustParsePrefix(cidr))
	}

	s.kill = s.run(o, s.subject)
	time.Sleep(time.Second)
}

func (s *told) down() error { return s.kill() }

// fails makes calls with this prefix fail from now on.
func (s *told) fails(prefixes ...string) {
	s.setWeather(func(call string) error {
		for _, prefix := range prefixes {
			if strings.HasPrefix(call, prefix) {
				return errDropped
			}
		}

		return nil
	})
}

func (s *told) clears() { s.setWeather(nil) }

// duplicate reports whether two internal Services carry the same address.
func (s *told) duplicate() bool {
	carried := s.carried()
	addresses := slices.Sorted(maps.Values(carried))

	return len(slices.Compact(slices.Clone(addresses))) < len(addresses)
}

// carried returns what the internal Services carry, by exported Service.
func (s *told) carried() map[string]string {
	var services corev1.ServiceList
	require.NoError(s, s.user.List(s.Context(), &services, client.HasLabels{v1.InternalServiceLabel}))

	carried := map[string]string{}
	for _, service := range services.Items {
		carried[service.Namespace+"/"+service.Labels[v1.InternalServiceLabel]] = strings.Join(service.Spec.ExternalIPs, ",")
	}

	return carried
}

func (s *told) published() map[string]string {
	var gips v1.GlobalIngressIPList
	require.NoError(s, s.user.List(s.Context(), &gips))

	published := map[string]string{}
	for _, gip := range gips.Items {
		published[gip.Namespace+"/"+gip.Name] = gip.Status.AllocatedIP
	}

	return published
}

// stories return whether the bug showed.
var stories = map[string]func(s *told) bool{
	"3336": func(s *told) bool {
		s.up()
		s.export("b")
		time.Sleep(time.Second)
		s.export("a")
		time.Sleep(time.Second)
		before := s.published()
		require.NoError(s, s.down())

		s.fails("GET services/submariner-")
		s.up()
		time.Sleep(30 * time.Second)
		s.clears()
		time.Sleep(time.Minute)

		return !maps.Equal(before, s.published())
	},
	"4122": func(s *told) bool {
		s.lag = 200 * time.Millisecond
		s.up()
		s.export("web")
		time.Sleep(300 * time.Millisecond)

		web := service("web")
		require.NoError(s, s.user.Get(s.Context(), client.ObjectKeyFromObject(web), web))
		web.Labels = map[string]string{"touched": "yes"}
		require.NoError(s, s.user.Update(s.Context(), web))
		time.Sleep(150 * time.Millisecond) // published, but not yet seen
		before := s.published()
		time.Sleep(time.Minute)

		return !maps.Equal(before, s.published())
	},
	"1734": func(s *told) bool {
		s.up()
		s.export("web")
		time.Sleep(time.Second)
		s.remove(service("web"))
		time.Sleep(time.Second)
		require.NoError(s, s.user.Create(s.Context(), service("web")))
		time.Sleep(2 * time.Minute)

		return s.published()[namespace+"/web"] == ""
	},
	"1738": func(s *told) bool {
		s.up()
		s.export("web")
		time.Sleep(time.Second)

		web := service("web")
		require.NoError(s, s.user.Get(s.Context(), client.ObjectKeyFromObject(web), web))
		web.Spec.Ports[0].Port = 8443
		require.NoError(s, s.user.Update(s.Context(), web))
		time.Sleep(time.Minute)

		internal := service(v1.InternalServiceName("web"))
		require.NoError(s, s.user.Get(s.Context(), client.ObjectKeyFromObject(internal), internal))

		return internal.Spec.Ports[0].Port != 8443
	},
	"1457": func(s *told) bool {
		s.up()
		s.export("web")
		time.Sleep(time.Second)
		require.NoError(s, s.down())
		s.remove(&mcsv1alpha1.ServiceExport{ObjectMeta: named("web")})
		s.up()
		time.Sleep(time.Minute)

		return len(s.published()) > 0
	},
	"1415": func(s *told) bool {
		s.up()
		s.export("web")
		time.Sleep(time.Second)
		require.NoError(s, s.down())
		s.export("db")
		s.up("242.9.0.0/28")
		time.Sleep(2 * time.Minute)

		return s.published()[namespace+"/db"] == ""
	},
	"3337": func(s *told) bool {
		s.export("web")
		s.fails("GET ")
		s.up()
		time.Sleep(time.Minute)
		s.clears()
		time.Sleep(2 * time.Minute)

		return s.published()[namespace+"/web"] == ""
	},
	"2743": twoLeaders,
	"4104": func(s *told) bool {
		require.NoError(s, s.user.Create(s.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "other"}}))
		s.up()
		s.export("db")
		time.Sleep(time.Second)

		before := s.published()
		headless := service("db")
		headless.Namespace, headless.Spec.ClusterIP = "other", corev1.ClusterIPNone
		require.NoError(s, s.user.Create(s.Context(), headless))
		require.NoError(s, s.user.Create(s.Context(), &mcsv1alpha1.ServiceExport{
			ObjectMeta: metav1.ObjectMeta{Namespace: "other", Name: "db"}}))
		s.takeWrites()
		time.Sleep(time.Minute)

		return !maps.Equal(before, s.published()) || slices.Contains(s.takeWrites(), "DELETE globalingressips/db")
	},
	"2388": func(s *told) bool {
		s.up()
		s.fails("PUT globalingressips/web/status")
		s.export("web")
		time.Sleep(time.Second)
		s.remove(&mcsv1alpha1.ServiceExport{ObjectMeta: named("web")})
		time.Sleep(time.Second)
		s.clears()
		time.Sleep(2 * time.Minute)

		return len(s.carried()) > 0
	},
	"2463": func(s *told) bool {
		s.up("242.0.0.0/30")
		for _, name := range []string{"a", "b", "c"} {
			s.export(name)
		}
		time.Sleep(10 * time.Minute)

		return len(s.gip("c").Status.Conditions) > 1
	},
	"delete-down": func(s *told) bool {
		s.up()
		s.export("web")
		time.Sleep(time.Second)
		require.NoError(s, s.down())
		s.remove(&mcsv1alpha1.ServiceExport{ObjectMeta: named("web")})
		s.remove(s.gip("web"))
		s.export("db")
		s.up()
		time.Sleep(time.Minute)

		return s.duplicate()
	},
	"crash-before-status": func(s *told) bool {
		s.up()
		s.fails("PUT globalingressips/web/status")
		s.export("web")
		time.Sleep(time.Second)
		require.NoError(s, s.down())
		s.export("db")
		s.fails("GET services/web", "PUT globalingressips/web/status")
		s.up()
		time.Sleep(time.Minute)
		duplicate := s.duplicate()
		s.clears()
		time.Sleep(time.Minute)

		return duplicate
	},
	"status-write-lost": func(s *told) bool {
		s.up()
		s.fails("PUT globalingressips/web/status")
		s.export("web")
		time.Sleep(50 * time.Millisecond)
		before := s.carried()
		time.Sleep(time.Second)
		s.clears()
		time.Sleep(time.Minute)

		return !maps.Equal(before, s.carried())
	},
	"create-read-error": func(s *told) bool {
		s.up()
		var created time.Time
		s.setWeather(func(call string) error {
			if call == "POST globalingressips" && created.IsZero() {
				created = time.Now()
			}

			if call == "GET services/web" && !created.IsZero() && time.Since(created) < 20*time.Millisecond {
				return errDropped
			}

			return nil
		})
		s.export("web")
		time.Sleep(time.Minute)
		s.clears()

		return s.published()[namespace+"/web"] == ""
	},
}

// twoLeaders has one controller assign an address that it cannot publish before
// it is cut off. The other one takes over and gives that address to a Service it
// can read sooner, and then the first one comes back.
func twoLeaders(s *told) bool {
	electing := func(name string) controller.Options {
		return controller.Options{
			CIDRs:          []netip.Prefix{netip.MustParsePrefix("242.0.0.0/28")},
			LeaderElection: true, LeaderElectionNamespace: namespace, Identity: name,
		}
	}

	s.kill = s.run(electing("first"), s.subject)
	time.Sleep(5 * time.Second)
	killSecond := s.run(electing("second"), s.subject)
	time.Sleep(5 * time.Second)

	s.cut(map[string]string{"first": "PUT globalingressips/d/status", "second": ""})
	s.export("d")
	time.Sleep(time.Second)

	s.cut(map[string]string{"first": "", "second": "GET services/d"})
	s.export("c")
	time.Sleep(time.Minute)
	s.cut(map[string]string{"first": ""})
	time.Sleep(time.Minute)

	s.cut(nil)
	time.Sleep(time.Minute)
	duplicate := s.duplicate()
	require.NoError(s, killSecond())

	return duplicate
}

// noStory names the bugs for which this harness, with one API server and no
// control over when a write takes effect, cannot make the weather.
var noStory = []string{"relist-recreate", "split-brain", "time-travel"}

func TestHistoricalBugsShow(t *testing.T) {
	sibling := historical.Sibling()
	for _, subject := range historical.Subjects() {
		if slices.Contains(noStory, subject.ID) {
			continue
		}

		story := stories[subject.ID]
		require.NotNil(t, story, subject.ID)

		for _, teller := range []struct {
			name string
			run  runFunc
			bug  bool
		}{{subject.ID, subject.Run, true}, {sibling.ID, sibling.Run, false}, {"shipped", controller.Run, false}} {
			t.Run(subject.ID+"/"+teller.name, func(t *testing.T) {
				sail(t, func(v *voyage) {
					s := &told{voyage: v, subject: teller.run}
					assert.Equal(t, teller.bug, story(s))

					if err := s.down(); subject.ID != "3337" || !teller.bug {
						assert.NoError(t, err)
					}
				})
			})
		}
	}
}

func TestHistoricalSubjectsWorkOnACalmDay(t *testing.T) {
	subjects := append(historical.Subjects(), historical.Sibling())
	assert.True(t, slices.IsSortedFunc(subjects[:len(subjects)-1], func(a, b historical.Subject) int {
		return strings.Compare(a.ID, b.ID)
	}))

	for _, subject := range subjects {
		t.Run(subject.ID, func(t *testing.T) {
			sail(t, func(v *voyage) {
				s := &told{voyage: v, subject: subject.Run}
				s.up()
				s.export("web")
				time.Sleep(time.Second)
				s.export("db")
				time.Sleep(time.Second)
				assert.Equal(t, map[string]string{"shop/web": "242.0.0.14", "shop/db": "242.0.0.13"}, s.published())
				assert.Equal(t, s.published(), s.carried())

				s.remove(&mcsv1alpha1.ServiceExport{ObjectMeta: named("web")})
				time.Sleep(time.Second)
				assert.Equal(t, map[string]string{"shop/db": "242.0.0.13"}, s.carried())
				s.takeWrites()
				time.Sleep(time.Hour)
				assert.Empty(t, s.takeWrites())
				assert.NoError(t, s.down())
			})
		})
	}
}
