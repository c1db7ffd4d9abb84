// The whole controller — informers, queue, leader election — lives through
// short stories on the simulated API server, in virtual time. Each checks what
// was written and what is left.
package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	mcsv1alpha1 "sigs.k8s.io/mcs-api/pkg/apis/v1alpha1"

	"github.com/seatrial/seatrial/controller"
	v1 "github.com/seatrial/seatrial/controller/api/v1"
)

func TestCalmDay(t *testing.T) {
	sail(t, func(v *voyage) {
		kill := v.start(nil)
		time.Sleep(time.Second)
		assert.Empty(t, v.takeWrites())

		v.export("web")
		time.Sleep(time.Second)
		assert.Equal(t, map[string]string{"web": "242.0.0.14"}, v.addresses())
		assert.Equal(t, []string{
			"POST globalingressips", "POST ipaddresses", "POST services",
			"PUT services/" + v1.InternalServiceName("web"), "PUT globalingressips/web/status",
		}, v.takeWrites())

		web := service("web")
		require.NoError(t, v.user.Get(v.Context(), client.ObjectKeyFromObject(web), web))
		web.Spec.Ports[0].Port = 8080
		require.NoError(t, v.user.Update(v.Context(), web))
		time.Sleep(time.Second)
		assert.Equal(t, []string{"PUT services/" + v1.InternalServiceName("web")}, v.takeWrites())

		time.Sleep(12 * time.Hour)
		assert.Empty(t, v.takeWrites(), "the world is quiet")

		v.remove(&mcsv1alpha1.ServiceExport{ObjectMeta: named("web")})
		time.Sleep(time.Second)
		assert.Len(t, v.takeWrites(), 6)
		assert.Equal(t, "0 GlobalIngressIPs, 0 claims, 0 internal Services", v.left())
		kill()
	})
}

func TestRestartAndDeletionsWhileDown(t *testing.T) {
	sail(t, func(v *voyage) {
		kill := v.start(nil)
		for _, name := range []string{"web", "db", "cache"} {
			v.export(name)
			time.Sleep(time.Second)
		}
		kill()
		v.takeWrites()

		before := v.addresses()
		kill = v.start(nil)
		time.Sleep(time.Minute)
		assert.Empty(t, v.takeWrites(), "a restart with everything in order writes nothing")
		assert.Equal(t, before, v.addresses())
		kill()

		v.remove(&mcsv1alpha1.ServiceExport{ObjectMeta: named("web")})
		v.remove(service("db"))
		v.remove(v.gip("cache"))
		v.takeWrites()

		kill = v.start(nil)
		time.Sleep(time.Minute)
		assert.Equal(t, map[string]string{"cache": before["cache"]}, v.addresses())
		assert.Equal(t, "1 GlobalIngressIPs, 1 claims, 1 internal Services", v.left())
		kill()
	})
}

func TestAPIServerUnreachableAtStart(t *testing.T) {
	sail(t, func(v *voyage) {
		v.export("web")
		v.setWeather(func(string) error { return errDropped })

		kill := v.start(nil)
		time.Sleep(time.Hour)
		v.setWeather(nil)
		time.Sleep(2 * time.Minute)
		assert.Equal(t, map[string]string{"web": "242.0.0.14"}, v.addresses())
		kill()
	})
}

func TestErrorsAreNotAbsence(t *testing.T) {
	sail(t, func(v *voyage) {
		kill := v.start(nil)
		v.export("web")
		time.Sleep(time.Second)
		v.takeWrites()

		// The export goes, but whether it is gone cannot be proven.
		v.setWeather(func(call string) error {
			if strings.HasPrefix(call, "GET serviceexports/web") {
				return errDropped
			}

			return nil
		})
		v.remove(&mcsv1alpha1.ServiceExport{ObjectMeta: named("web")})
		time.Sleep(10 * time.Minute)
		assert.Equal(t, map[string]string{"web": "242.0.0.14"}, v.addresses())

		conditions := v.gip("web").Status.Conditions
		require.Len(t, conditions, 1)
		assert.Equal(t, v1.ReasonVerificationFailed, conditions[0].Reason)
		assert.Equal(t, "could not get ServiceExport shop/web (network error); global IP 242.0.0.14 is kept, retrying", conditions[0].Message)
		assert.Equal(t, []string{"PUT globalingressips/web/status"}, v.takeWrites(), "said once")

		v.setWeather(nil)
		time.Sleep(time.Minute)
		assert.Equal(t, "0 GlobalIngressIPs, 0 claims, 0 internal Services", v.left())
		kill()
	})
}

func TestOutageIsRetriedWithoutBusyLoop(t *testing.T) {
	sail(t, func(v *voyage) {
		kill := v.start(nil)
		time.Sleep(time.Second)

		attempts := 0
		v.setWeather(func(call string) error {
			if call == "POST ipaddresses" {
				attempts++

				return errDropped
			}

			return nil
		})
		v.export("web")
		time.Sleep(10 * time.Minute)
		assert.Less(t, attempts, 10+10*60/30)
		assert.Greater(t, attempts, 10*60/30)
		assert.Equal(t, map[string]string{"web": ""}, v.addresses())
		assert.Equal(t, v1.ReasonClaimFailed, v.gip("web").Status.Conditions[0].Reason)

		v.setWeather(nil)
		time.Sleep(time.Minute)
		assert.Equal(t, map[string]string{"web": "242.0.0.14"}, v.addresses())
		kill()
	})
}

func TestExhaustedPoolIsFilledPromptlyByARelease(t *testing.T) {
	sail(t, func(v *voyage) {
		kill := v.start(nil)
		for i := range 15 {
			v.export(fmt.Sprint("s", i))
			time.Sleep(time.Second)
		}
		time.Sleep(5 * time.Minute)
		require.Empty(t, v.addresses()["s14"])
		assert.Equal(t, v1.ReasonIPPoolAllocationFailed, v.gip("s14").Status.Conditions[0].Reason)

		v.remove(&mcsv1alpha1.ServiceExport{ObjectMeta: named("s3")})
		time.Sleep(500 * time.Millisecond)
		assert.Equal(t, "242.0.0.11", v.addresses()["s14"])
		kill()
	})
}

func TestStandbyTakesOverWithinTheLease(t *testing.T) {
	sail(t, func(v *voyage) {
		electing := func(name string) func(*controller.Options) {
			return func(o *controller.Options) {
				o.LeaderElection, o.LeaderElectionNamespace, o.Identity = true, namespace, name
			}
		}
		killFirst := v.start(electing("first"))
		time.Sleep(5 * time.Second)
		killSecond := v.start(electing("second"))
		time.Sleep(5 * time.Second)

		v.export("web")
		time.Sleep(time.Second)
		before := v.addresses()
		assert.NotEmpty(t, before["web"])

		killFirst()
		v.export("db")
		// The standby looks every 2s to 4.4s: so late it may have seen a renewal, and
		// so late it may find the lease over. Then it starts.
		time.Sleep(controller.DefaultLeaseDuration + 10*time.Second)
		assert.Equal(t, before["web"], v.addresses()["web"])
		assert.NotEmpty(t, v.addresses()["db"])

		// The leader is cut off for longer than it may lead, stays up, and
		// comes back as whatever it is elected to.
		v.setWeather(func(string) error { return errDropped })
		time.Sleep(5 * time.Minute)
		v.setWeather(nil)
		v.export("cache")
		time.Sleep(2 * time.Minute)
		assert.NotEmpty(t, v.addresses()["cache"])
		killSecond()
	})
}

func TestManyServicesUnderFourWorkers(t *testing.T) {
	sail(t, func(v *voyage) {
		kill := v.start(func(o *controller.Options) { o.Workers = 4 })
		for i := range 14 {
			v.export(fmt.Sprint("s", i))
		}
		time.Sleep(10 * time.Second)

		owners := map[string]string{}
		for name, address := range v.addresses() {
			require.NotEmpty(t, address, name)
			require.Empty(t, owners[address])
			owners[address] = name
		}
		kill()
	})
}

func TestTypeChangeKeepsTheAddress(t *testing.T) {
	sail(t, func(v *voyage) {
		kill := v.start(nil)
		v.export("web")
		time.Sleep(time.Second)

		for _, kind := range []corev1.ServiceType{corev1.ServiceTypeNodePort, corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeClusterIP} {
			web := service("web")
			require.NoError(t, v.user.Get(v.Context(), client.ObjectKeyFromObject(web), web))
			web.Spec.Type = kind
			require.NoError(t, v.user.Update(v.Context(), web))
			time.Sleep(time.Second)
			assert.Equal(t, map[string]string{"web": "242.0.0.14"}, v.addresses(), kind)
		}
		kill()
	})
}

// A user who cannot make up his mind, with the longest name there is: nothing is
// lost, nothing is left, and the world comes to rest with what he wanted last.
func TestExportFlippedEverySecond(t *testing.T) {
	sail(t, func(v *voyage) {
		kill := v.start(nil)
		name := strings.Repeat("n", 63)
		v.export(name)
		v.export("beside")
		time.Sleep(time.Second)

		beside := v.addresses()["beside"]
		export := &mcsv1alpha1.ServiceExport{ObjectMeta: named(name)}

		for range 600 {
			v.remove(export)
			time.Sleep(time.Second)

			export = &mcsv1alpha1.ServiceExport{ObjectMeta: named(name)}
			require.NoError(v, v.user.Create(v.Context(), export))
			time.Sleep(time.Second)
		}

		time.Sleep(time.Minute)
		assert.Empty(t, v.law.broken)
		assert.Equal(t, beside, v.addresses()["beside"])
		assert.NotEmpty(t, v.addresses()[name])
		assert.Equal(t, "2 GlobalIngressIPs, 2 claims, 2 internal Services", v.left())
		v.takeWrites()
		time.Sleep(time.Hour)
		assert.Empty(t, v.takeWrites(), "the world is quiet")
		kill()
	})
}

// fullStory goes once through everything that makes the controller call the API
// server, and returns what for.
func fullStory(t *testing.T) []access {
	t.Helper()

	var used []access

	sail(t, func(v *voyage) {
		kill := v.start(func(o *controller.Options) {
			o.LeaderElection, o.LeaderElectionNamespace, o.Identity = true, namespace, "first"
		})
		time.Sleep(10 * time.Second)
		v.export("web")
		time.Sleep(time.Second)
		v.remove(v.gip("web")) // its claim is taken over
		time.Sleep(time.Second)
		v.remove(v.internalService("web"))
		time.Sleep(time.Second)
		v.remove(&mcsv1alpha1.ServiceExport{ObjectMeta: named("web")})
		time.Sleep(time.Second)
		behindHeadless(v)
		behindSelectorless(v)
		assert.Equal(t, "0 GlobalIngressIPs, 0 claims, 0 internal Services", v.left())
		kill()

		used = slices.Collect(maps.Keys(v.used))
	})

	return used
}

// behindHeadless is the story of a pod, and of an address among Endpoints, behind
// headless Services, from the export to the end.
func behindHeadless(v *voyage) {
	v.Helper()

	for name, selector := range map[string]map[string]string{"db": {"app": "db"}, "ext": nil} {
		headless := service(name)
		headless.Spec.ClusterIP, headless.Spec.Selector = corev1.ClusterIPNone, selector
		require.NoError(v, v.user.Create(v.Context(), headless))
		require.NoError(v, v.user.Create(v.Context(), &mcsv1alpha1.ServiceExport{ObjectMeta: named(name)}))
	}

	pod := &corev1.Pod{ObjectMeta: named("db-0"), Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "db", Image: "db"}}}}
	pod.Labels = map[string]string{"app": "db"}
	require.NoError(v, v.user.Create(v.Context(), pod))
	time.Sleep(time.Second)
	assert.Empty(v, v.addresses(), "a pod without an address")

	pod.Status = corev1.PodStatus{
		Phase: corev1.PodRunning, PodIP: "10.1.0.1", PodIPs: []corev1.PodIP{{IP: "10.1.0.1"}},
		Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
	}
	require.NoError(v, v.user.Status().Update(v.Context(), pod))

	//lint:ignore SA1019 Submariner works on Endpoints
	endpoints := &corev1.Endpoints{ObjectMeta: named("ext")}
	//lint:ignore SA1019 as above
	endpoints.Subsets = []corev1.EndpointSubset{{Addresses: []corev1.EndpointAddress{{IP: "192.0.2.7"}}}}
	require.NoError(v, v.user.Create(v.Context(), endpoints))
	time.Sleep(time.Second)

	addresses := v.addresses()
	assert.Len(v, addresses, 2)
	assert.NotEmpty(v, addresses["pod-db-0"])
	assert.NotEmpty(v, addresses["ep-ext-192.0.2.7"])

	require.NoError(v, v.user.Delete(v.Context(), pod, client.GracePeriodSeconds(0)))
	v.remove(endpoints)
	time.Sleep(time.Second)
	assert.Empty(v, v.addresses())
}

// behindSelectorless is the story of a Service whose Endpoints a user writes.
func behindSelectorless(v *voyage) {
	v.Helper()

	ext := service("plain")
	ext.Spec.Selector = nil
	require.NoError(v, v.user.Create(v.Context(), ext))
	require.NoError(v, v.user.Create(v.Context(), &mcsv1alpha1.ServiceExport{ObjectMeta: named("plain")}))

	//lint:ignore SA1019 Submariner works on Endpoints
	endpoints := &corev1.Endpoints{ObjectMeta: named("plain")}
	//lint:ignore SA1019 as above
	endpoints.Subsets = []corev1.EndpointSubset{{Addresses: []corev1.EndpointAddress{{IP: "192.0.2.7"}}}}
	require.NoError(v, v.user.Create(v.Context(), endpoints))
	time.Sleep(time.Second)

	endpoints.Subsets[0].Addresses[0].IP = "192.0.2.8"
	require.NoError(v, v.user.Update(v.Context(), endpoints))
	time.Sleep(time.Second)

	//lint:ignore SA1019 as above
	clone := &corev1.Endpoints{}
	name := client.ObjectKey{Namespace: namespace, Name: v1.InternalServiceName("plain")}
	require.NoError(v, v.user.Get(v.Context(), name, clone))
	assert.Equal(v, "192.0.2.8", clone.Subsets[0].Addresses[0].IP)

	v.remove(&mcsv1alpha1.ServiceExport{ObjectMeta: named("plain")})
	time.Sleep(time.Second)
	assert.Error(v, v.user.Get(v.Context(), name, clone))
}

func TestInvalidOptionsAreRefused(t *testing.T) {
	err := controller.Run(t.Context(), nil, controller.Options{})
	require.Error(t, err)
	assert.False(t, errors.Is(err, errDropped))
	assert.ErrorContains(t, err, "no global CIDR given")
}
