package manager

import (
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// Lease is what replicas compete for.
type Lease struct {
	Namespace, Name string
	// Identity of this replica; empty: made from the host's name.
	Identity      string
	RenewDeadline time.Duration
}

// Lock returns the lock of a Lease.
//
// Leadership saves work, it does not guard the law: two leaders at once compete
// for the same claims, and the API server decides.
func (l Lease) Lock(cfg *rest.Config) (resourcelock.Interface, error) {
	identity := l.Identity
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
	cfg.Timeout = l.RenewDeadline * 2 / 5

	client, err := coordinationv1client.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("build the client for leader election: %w", err)
	}

	return &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Namespace: l.Namespace, Name: l.Name},
		Client:     client,
		LockConfig: resourcelock.ResourceLockConfig{Identity: identity},
	}, nil
}
