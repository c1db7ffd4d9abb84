package controller

import (
	"fmt"
	"os"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// newLeaderLock returns the Lease that replicas compete for, or nil if there is
// no election.
//
// Leadership saves work, it does not guard the law: two leaders at once compete
// for the same claims, and the API server decides.
func newLeaderLock(cfg *rest.Config, o Options) (resourcelock.Interface, error) {
	if !o.LeaderElection {
		return nil, nil
	}

	identity := o.Identity
	if identity == "" {
		host, err := os.Hostname()
		if err != nil {
			return nil, fmt.Errorf("name this replica: %w", err)
		}

		identity = host + "_" + uuid.NewString()
	}

	// A renewal that hangs must fail in time for two more attempts before the
	// deadline, and not at the very moment of the deadline itself.
	cfg = rest.CopyConfig(cfg)
	cfg.Timeout = o.RenewDeadline * 2 / 5

	client, err := coordinationv1client.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("build the client for leader election: %w", err)
	}

	lock := &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Namespace: o.LeaderElectionNamespace, Name: component},
		Client:     client,
		LockConfig: resourcelock.ResourceLockConfig{Identity: identity},
	}
	if o.DataPath == nil {
		return lock, nil
	}

	return &standbyLock{Interface: lock, path: o.DataPath, log: o.Logger}, nil
}
