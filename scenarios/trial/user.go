package trial

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/seatrial/seatrial/sim"
)

// user performs steps, one after the other.
type user struct {
	name  string
	steps []Step
	known *catalogue
}

// How a user repeats what failed: from firstPause, doubling to longestPause,
// for patience. What is being deleted is waited for without end: that it never
// goes is the controller's fault, and another property's to tell.
const (
	firstPause   = 200 * time.Millisecond
	longestPause = 5 * time.Second
	patience     = time.Minute
)

var (
	errStillThere = errors.New("it is still there")
	errGoing      = errors.New("the former object of that name is still being deleted")
)

func (u *user) run(ctx context.Context, env sim.Env) error {
	client, err := dynamic.NewForConfig(env.REST)
	if err != nil {
		return fmt.Errorf("user %s: %w", u.name, err)
	}
	begin := time.Now()
	var failures []error
	for i := range u.steps {
		s := &u.steps[i]
		if !sim.Pause(ctx, s.At-time.Since(begin)) {
			return ctx.Err()
		}
		if err := u.insist(ctx, func() error { return u.perform(ctx, env, client, s) }); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", s, err))
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return errors.Join(failures...)
}

// insist repeats an action until it succeeds, or cannot.
func (u *user) insist(ctx context.Context, act func() error) error {
	begin, wait := time.Now(), firstPause
	for {
		err := act()
		waits := errors.Is(err, errStillThere) || errors.Is(err, errGoing)
		if err == nil || ctx.Err() != nil || refused(err) || !waits && time.Since(begin) > patience || !sim.Pause(ctx, wait) {
			return err
		}
		wait = min(2*wait, longestPause)
	}
}

// refused: no repetition will make the server accept it.
func refused(err error) bool {
	return apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) || apierrors.IsMethodNotSupported(err)
}

func (u *user) perform(ctx context.Context, env sim.Env, client dynamic.Interface, s *Step) error {
	switch {
	case s.Do != nil:
		return s.Do(ctx, env.REST)
	case s.Patch != nil:
		return u.patch(ctx, client, s.Patch)
	}
	for _, object := range s.Apply.objects {
		if err := u.apply(ctx, client, object); err != nil {
			return err
		}
	}
	for _, object := range s.Delete.objects {
		if err := u.delete(ctx, client, object); err != nil {
			return err
		}
	}
	return nil
}

// on finds where an object lives; the kind is known, because the trial was validated.
func (u *user) on(client dynamic.Interface, object manifest) (dynamic.ResourceInterface, *unstructured.Unstructured) {
	at, err := u.known.find(object)
	if err != nil {
		panic(fmt.Sprintf("trial: a validated object has no kind: %v", err))
	}
	mine := object.DeepCopy()
	if !at.namespaced {
		return client.Resource(at.GroupVersionResource), mine
	}
	if mine.GetNamespace() == "" {
		mine.SetNamespace(metav1.NamespaceDefault)
	}
	return client.Resource(at.GroupVersionResource).Namespace(mine.GetNamespace()), mine
}

func (u *user) apply(ctx context.Context, client dynamic.Interface, object manifest) error {
	on, mine := u.on(client, object)
	existing, err := on.Get(ctx, mine.GetName(), metav1.GetOptions{})
	switch {
	case err == nil && existing.GetDeletionTimestamp() != nil:
		return errGoing
	case err != nil && !apierrors.IsNotFound(err):
		return err
	}
	_, err = on.Apply(ctx, mine.GetName(), mine, metav1.ApplyOptions{FieldManager: u.name, Force: true})
	return err
}

// delete also waits: deleting twice does no harm, and a user who makes the
// object anew later must not meet the old one.
func (u *user) delete(ctx context.Context, client dynamic.Interface, object manifest) error {
	on, mine := u.on(client, object)
	existing, err := on.Get(ctx, mine.GetName(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err == nil && existing.GetDeletionTimestamp() == nil {
		background := metav1.DeletePropagationBackground
		err = on.Delete(ctx, mine.GetName(), metav1.DeleteOptions{PropagationPolicy: &background})
	}
	if err == nil {
		return errStillThere
	}
	return err
}

func (u *user) patch(ctx context.Context, client dynamic.Interface, p *Patch) error {
	on, mine := u.on(client, p.Object.objects[0])
	body, err := json.Marshal(p.Merge)
	if err != nil {
		return apierrors.NewBadRequest(err.Error())
	}
	var subresources []string
	if p.Subresource != "" {
		subresources = []string{p.Subresource}
	}
	_, err = on.Patch(ctx, mine.GetName(), types.MergePatchType, body, metav1.PatchOptions{FieldManager: u.name}, subresources...)
	return err
}
