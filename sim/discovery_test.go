package sim_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/discovery"

	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/sim"
)

// Goal: whoever asks what the server has may hold a lock that others wait for, as
// controller-runtime's mapper and cache do and client-go's cached discovery. Method: two
// goroutines that ask under one lock, without faults and in a partition, and a loop
// that asks without a pause.

// twoAskUnderALock asks for one group version each until it is told.
func twoAskUnderALock(ctx context.Context, env sim.Env, failures *[]error) error {
	client := discovery.NewDiscoveryClientForConfigOrDie(env.REST)
	var lock sync.Mutex
	var wg sync.WaitGroup
	for _, version := range []string{"v1", "coordination.k8s.io/v1"} {
		wg.Go(func() {
			for ctx.Err() == nil {
				lock.Lock()
				_, err := client.ServerResourcesForGroupVersion(version)
				if err != nil {
					*failures = append(*failures, err)
				}
				lock.Unlock()
				if err == nil {
					return
				}
				time.Sleep(time.Second)
			}
		})
	}
	wg.Wait()
	<-ctx.Done()
	return nil
}

func askingWorld(failures *[]error, rules ...faults.Rule) sim.Config {
	return sim.Config{
		Seed: 1, Safety: time.Minute, Settle: time.Minute, Faults: rules, KeepTrace: true,
		Processes: []sim.Process{{Name: "asker", Run: func(ctx context.Context, env sim.Env) error {
			return twoAskUnderALock(ctx, env, failures)
		}}},
	}
}

func TestDiscoveryUnderALockIsAnswered(t *testing.T) {
	var failures []error
	refuseAll := faults.Rule{ID: "down", Kind: faults.ServiceUnavailable, Probability: 1}
	record := sim.Run(t, askingWorld(&failures, refuseAll))
	assert.Empty(t, record.History.Problems)
	assert.Empty(t, failures, "rules about calls do not hit discovery")
	var asked []string
	for _, c := range record.History.Calls {
		asked = append(asked, c.Verb+" "+c.Resource)
		assert.Equal(t, 200, c.Code)
		assert.Equal(t, c.Called, c.Returned, "it takes no time")
	}
	assert.Equal(t, []string{"get /api/v1", "get /apis/coordination.k8s.io/v1"}, asked)
	for range 20 {
		assert.Equal(t, record.Hash, sim.Run(t, askingWorld(&failures, refuseAll)).Hash, "whoever got the lock first")
	}
}

func TestDiscoveryInAPartitionFailsAtOnce(t *testing.T) {
	var failures []error
	record := sim.Run(t, askingWorld(&failures, faults.Rule{ID: "cut", Kind: faults.Partition, Until: 10*time.Second + time.Millisecond}))
	assert.Empty(t, record.History.Problems)
	require.NotEmpty(t, failures)
	for _, err := range failures {
		assert.ErrorContains(t, err, "dial tcp 10.96.0.1:443")
	}
	last := record.History.Calls[len(record.History.Calls)-1]
	assert.Equal(t, 200, last.Code)
	assert.Equal(t, 11*time.Second, last.Called, "the first attempt after the partition")
}

func TestDiscoveryWithoutAPauseDoesNotStopTime(t *testing.T) {
	record := sim.Run(t, sim.Config{
		Seed: 1, Safety: 50 * time.Millisecond, Settle: 50 * time.Millisecond,
		Processes: []sim.Process{{Name: "asker", Run: func(ctx context.Context, env sim.Env) error {
			client := discovery.NewDiscoveryClientForConfigOrDie(env.REST)
			for ctx.Err() == nil {
				if _, err := client.ServerGroups(); err != nil && !errors.Is(err, context.Canceled) && ctx.Err() == nil {
					return err
				}
			}
			return nil
		}}},
	})
	assert.Empty(t, record.History.Problems)
	assert.Equal(t, 100*time.Millisecond, record.Virtual)
}
