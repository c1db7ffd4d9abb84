package bugs

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatrial/seatrial/model"
)

var allocators = []Bug{
	{
		Name: "calico-12503", Class: "unsynced cache", Source: "https://github.com/projectcalico/calico/issues/12503",
		Story:      "After a restart addresses are given before it is known which are taken.",
		Controller: beforeTheTracker,
		Cluster:    "{apiVersion: v1, kind: ConfigMap, metadata: {name: block}}",
		Objects:    apps("{text: a}", "one", "two", "three"),
		Laws:       []model.Property{model.Always("one-address", "An App has one address in the block.", oneAddress)},
		Ignore:     []string{"configmaps: data", "apps.detection.example.com: status.address"},
	},
	{
		Name: "metallb-1774", Class: "memory lost at a restart", Source: "https://github.com/metallb/metallb/issues/1774",
		Story:      "After a restart Apps are served one by one, and what those to come have had is free for those before.",
		Controller: oneByOne,
		Objects:    apps("{text: a}", "c", "b", "a"),
		Laws:       []model.Property{model.Always("one-owner", "No address has two owners.", oneOwner)},
		Ignore:     []string{"apps.detection.example.com: status.address"},
	},
}

// tracker mirrors the block: address to the uid of its App.
type tracker struct {
	mu    sync.Mutex
	taken map[string]string
}

// beforeTheTracker has the block in the ConfigMap of that name, and gives back addresses
// of Apps that have gone. The mended one waits until it has seen the block, and since what
// it has seen may be old, looks for what an App has in the block itself.
func beforeTheTracker(mended bool) Run {
	return func(ctx context.Context, cfg *rest.Config) error {
		t := &tracker{taken: map[string]string{}}
		c := loop{watches: []watch{{"configmaps", func(metav1.Object) string { return "" }}, {"apps", itself}}}
		if !mended {
			c.unsynced = []string{"configmaps"}
		}
		c.handle = func(_ *live, _ string, _, new any) {
			cm, ok := new.(*corev1.ConfigMap)
			if !ok || cm.Name != "block" {
				return
			}
			t.mu.Lock()
			defer t.mu.Unlock()
			for address, uid := range cm.Data {
				t.taken[address] = uid
			}
		}
		c.reconcile = func(ctx context.Context, l *live, key string) error {
			a := l.app(key)
			if a == nil {
				return t.release(ctx, l)
			}
			if a.DeletionTimestamp != nil {
				return nil
			}
			address, fresh := t.find(string(a.UID))
			if fresh {
				var err error
				if address, err = t.claim(ctx, l, claim{address: address, uid: string(a.UID), lookFirst: mended}); err != nil {
					return err
				}
			}
			if a.Status.Address != "" {
				return nil
			}
			a.Status.Address = address
			return client.IgnoreNotFound(l.Status().Update(ctx, a))
		}
		return c.run(ctx, cfg)
	}
}

// find is the address of an App, or the first that is free.
func (t *tracker) find(uid string) (address string, fresh bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	free := ""
	for i := 1; i < 100; i++ {
		address := fmt.Sprintf("10.9.0.%d", i)
		switch owner := t.taken[address]; {
		case owner == uid:
			return address, false
		case owner == "" && free == "":
			free = address
		}
	}
	return free, true
}

// claim is an address for an App. lookFirst: unless the block has one for it.
type claim struct {
	address, uid string
	lookFirst    bool
}

// claim writes an address down for its App. What is another's already is remembered.
func (t *tracker) claim(ctx context.Context, l *live, c claim) (address string, err error) {
	block, err := blockOf(ctx, l)
	if err != nil {
		return "", err
	}
	for address, owner := range block.Data {
		if c.lookFirst && owner == c.uid {
			c.address = address
		}
	}
	owner := block.Data[c.address]
	if owner == "" {
		block.Data[c.address] = c.uid
		if err := l.Update(ctx, block); err != nil {
			return "", err
		}
		owner = c.uid
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.taken[c.address] = owner; owner != c.uid {
		return "", fmt.Errorf("%s is taken", c.address)
	}
	return c.address, nil
}

// release gives back what Apps have that have gone.
func (t *tracker) release(ctx context.Context, l *live) error {
	there := map[string]bool{}
	for _, a := range l.allApps() {
		there[string(a.UID)] = true
	}
	block, err := blockOf(ctx, l)
	if err != nil {
		return err
	}
	gone := t.of(func(uid string) bool { return !there[uid] })
	if len(gone) == 0 {
		return nil
	}
	for _, address := range gone {
		if !there[block.Data[address]] {
			delete(block.Data, address)
		}
	}
	if err := l.Update(ctx, block); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, address := range gone {
		delete(t.taken, address)
	}
	return nil
}

// of are the addresses of those whom want says.
func (t *tracker) of(want func(uid string) bool) (addresses []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for address, uid := range t.taken {
		if want(uid) {
			addresses = append(addresses, address)
		}
	}
	return addresses
}

func blockOf(ctx context.Context, l *live) (*corev1.ConfigMap, error) {
	block := new(corev1.ConfigMap)
	err := l.Get(ctx, client.ObjectKey{Namespace: "default", Name: "block"}, block)
	if block.Data == nil {
		block.Data = map[string]string{}
	}
	return block, err
}

func oneAddress(s *model.State) error {
	block, ok := s.Get("configmaps", "default", "block").(*corev1.ConfigMap)
	if !ok {
		return nil
	}
	count := map[string]int{}
	for _, uid := range block.Data {
		count[uid]++
	}
	for _, a := range model.Objects[*App](s, "apps.detection.example.com") {
		if n := count[string(a.UID)]; n > 1 {
			return fmt.Errorf("%s has %d addresses", a.Name, n)
		}
	}
	return nil
}

// oneByOne learns which addresses are taken as it comes to the Apps that have them; the
// mended one looks at all of them first.
func oneByOne(mended bool) Run {
	return func(ctx context.Context, cfg *rest.Config) error {
		owners := map[string]string{}
		return loop{watches: []watch{{"apps", itself}}, reconcile: func(ctx context.Context, l *live, key string) error {
			a := l.app(key)
			if a == nil || a.DeletionTimestamp != nil {
				return nil
			}
			for _, other := range l.allApps() {
				if mended && other.Status.Address != "" {
					owners[other.Status.Address] = string(other.UID)
				}
			}
			if a.Status.Address != "" {
				owners[a.Status.Address] = string(a.UID)
				return nil
			}
			for i := 1; a.Status.Address == ""; i++ {
				if address := fmt.Sprintf("10.2.0.%d", i); owners[address] == "" || owners[address] == string(a.UID) {
					owners[address], a.Status.Address = string(a.UID), address
				}
			}
			return client.IgnoreNotFound(l.Status().Update(ctx, a))
		}}.run(ctx, cfg)
	}
}
