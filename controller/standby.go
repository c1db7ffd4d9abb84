package controller

import (
	"context"
	"sync"

	"github.com/go-logr/logr"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// standbyLock takes away the rules on this machine as soon as another replica is
// seen to lead. The gateway is where the leader is: what an earlier life as leader
// left here could lead packets of this node to a pod that has gone, and for an
// address that the leader has given to another.
type standbyLock struct {
	resourcelock.Interface
	path DataPath
	log  logr.Logger
	mu   sync.Mutex
}

// Get implements [resourcelock.Interface].
func (s *standbyLock) Get(ctx context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	record, raw, err := s.Interface.Get(ctx)
	if err == nil && record.HolderIdentity != "" && record.HolderIdentity != s.Identity() {
		s.mu.Lock()
		defer s.mu.Unlock()

		removeAllRules(ctx, s.log, s.path)
	}

	return record, raw, err
}

// removeAllRules leaves no rule on this machine. What cannot be removed now is
// tried again with the next look at the Lease, and at the start of a leader.
func removeAllRules(ctx context.Context, log logr.Logger, path DataPath) {
	rules, err := path.Rules(ctx)
	if err != nil {
		log.Error(err, "could not read the rules in place")

		return
	}

	for _, rule := range rules {
		if err := path.Remove(ctx, rule.Global); err != nil {
			log.Error(err, "could not remove a rule", "address", rule.Global)

			continue
		}

		log.Info("removed a rule, because another replica leads", "address", rule.Global, "owner", rule.Owner)
	}
}
