package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/rand"
	appslisters "k8s.io/client-go/listers/apps/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/utils/ptr"
)

const revisionAnnotation = "deployment.kubernetes.io/revision"

// deploymentController rolls Deployments out. There is no collision count and no
// proportional scaling of a rollout under way.
type deploymentController struct {
	*manager
	deployments appslisters.DeploymentLister
	sets        appslisters.ReplicaSetLister
	pods        corelisters.PodLister
}

func deployments(pace Controller) part {
	return func(m *manager, _ context.Context) {
		ds, sets, pods := m.factory.Apps().V1().Deployments(), m.factory.Apps().V1().ReplicaSets(), m.factory.Core().V1().Pods()
		d := &deploymentController{m, ds.Lister(), sets.Lister(), pods.Lister()}
		c := m.add("deployment", pace, d.reconcile)
		c.watch(ds.Informer(), keyOf)
		c.watch(sets.Informer(), ownerOf("Deployment"))
		c.watch(pods.Informer(), d.ofPod)
	}
}

// ofPod: a Recreate rollout waits for pods to be gone.
func (d *deploymentController) ofPod(o metav1.Object) []string {
	for _, key := range ownerOf("ReplicaSet")(o) {
		namespace, name := split(key)
		if set, err := d.sets.ReplicaSets(namespace).Get(name); err == nil && o.GetDeletionTimestamp() != nil {
			return ownerOf("Deployment")(set)
		}
	}
	return nil
}

// rollout is one Deployment with its ReplicaSets, as the caches show them.
type rollout struct {
	*appsv1.Deployment
	fresh *appsv1.ReplicaSet // of the template as it is now; nil: not made yet
	old   []*appsv1.ReplicaSet
}

func (d *deploymentController) reconcile(ctx context.Context, key string) (time.Duration, error) {
	namespace, name := split(key)
	deployment, err := d.deployments.Deployments(namespace).Get(name)
	if err != nil || deployment.DeletionTimestamp != nil {
		return 0, nil
	}
	all, _ := d.sets.ReplicaSets(namespace).List(everything) // of an informer's cache: no error
	r := rollout{Deployment: deployment.DeepCopy()}
	for _, set := range sorted(all, controlledBy[*appsv1.ReplicaSet](deployment.UID)) {
		if r.fresh == nil && sameTemplate(&set.Spec.Template, &deployment.Spec.Template) {
			r.fresh = set
		} else {
			r.old = append(r.old, set)
		}
	}
	if !deployment.Spec.Paused {
		if done, err := d.advance(ctx, &r); err != nil || !done {
			return 0, err // what was changed will be seen
		}
	}
	return 0, d.report(ctx, &r)
}

// advance does the next step of a rollout, if there is one; true: nothing was changed.
func (d *deploymentController) advance(ctx context.Context, r *rollout) (bool, error) {
	if r.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType {
		if scaled, err := d.scaleAll(ctx, r.old, func(*appsv1.ReplicaSet) int32 { return 0 }); scaled || err != nil {
			return false, err
		}
		for _, set := range r.old {
			if left := sortedPods(d.pods, r.Namespace, controlledBy[*corev1.Pod](set.UID)); len(left) > 0 {
				return true, nil
			}
		}
	}
	if r.fresh == nil {
		return false, d.make(ctx, r)
	}
	if scaled, err := d.scale(ctx, r.fresh, r.freshReplicas()); scaled || err != nil {
		return false, err
	}
	if revision := r.fresh.Annotations[revisionAnnotation]; r.Annotations[revisionAnnotation] != revision {
		metav1.SetMetaDataAnnotation(&r.ObjectMeta, revisionAnnotation, revision)
		_, err := d.client.AppsV1().Deployments(r.Namespace).Update(ctx, r.Deployment, metav1.UpdateOptions{})
		return false, err
	}
	targets := r.oldReplicas()
	if scaled, err := d.scaleAll(ctx, r.old, func(set *appsv1.ReplicaSet) int32 { return targets[set.Name] }); scaled || err != nil {
		return false, err
	}
	return true, d.forget(ctx, r)
}

// replicasOf is what a ReplicaSet is asked for.
func replicasOf(sets ...*appsv1.ReplicaSet) (sum int32) {
	for _, set := range sets {
		sum += ptr.Deref(set.Spec.Replicas, 1)
	}
	return sum
}

func (r *rollout) wanted() int32 { return ptr.Deref(r.Spec.Replicas, 1) }

// all are its ReplicaSets.
func (r *rollout) all() []*appsv1.ReplicaSet {
	if r.fresh == nil {
		return r.old
	}
	return append(slices.Clip(r.old), r.fresh)
}

// bounds are how many pods more, and how many fewer than wanted there may be.
func (r *rollout) bounds() (surge, unavailable int32) {
	rolling := r.Spec.Strategy.RollingUpdate
	if r.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType || rolling == nil {
		return 0, r.wanted()
	}
	surge = scaledValue(rolling.MaxSurge, r.wanted(), true)
	unavailable = scaledValue(rolling.MaxUnavailable, r.wanted(), false)
	if surge == 0 && unavailable == 0 {
		unavailable = 1
	}
	return surge, min(unavailable, r.wanted())
}

// freshReplicas is what the ReplicaSet of the current template is to have now.
func (r *rollout) freshReplicas() int32 {
	surge, _ := r.bounds()
	has := int32(0)
	if r.fresh != nil {
		has = replicasOf(r.fresh)
	}
	if replicasOf(r.old...) == 0 || has >= r.wanted() {
		return r.wanted()
	}
	room := r.wanted() + surge - replicasOf(r.old...) - has
	return min(r.wanted(), has+max(room, 0))
}

// oldReplicas is what the others are to have, by name: first what does not serve
// goes, then as much as may be unavailable.
func (r *rollout) oldReplicas() map[string]int32 {
	targets := map[string]int32{}
	_, unavailable := r.bounds()
	freshUnavailable := replicasOf(r.fresh) - r.fresh.Status.AvailableReplicas
	budget := replicasOf(r.all()...) - (r.wanted() - unavailable) - freshUnavailable
	for _, set := range r.old {
		has := replicasOf(set)
		gone := min(max(budget, 0), max(has-set.Status.AvailableReplicas, 0))
		targets[set.Name] = has - gone
		budget -= gone
	}
	available := r.fresh.Status.AvailableReplicas
	for _, set := range r.old {
		available += min(set.Status.AvailableReplicas, targets[set.Name])
	}
	spare := available - (r.wanted() - unavailable)
	for _, set := range r.old {
		gone := min(max(spare, 0), targets[set.Name])
		targets[set.Name] -= gone
		spare -= gone
	}
	return targets
}

func (d *deploymentController) scaleAll(ctx context.Context, sets []*appsv1.ReplicaSet, to func(*appsv1.ReplicaSet) int32) (scaled bool, err error) {
	for _, set := range sets {
		one, err := d.scale(ctx, set, to(set))
		if scaled = scaled || one; err != nil {
			return scaled, err
		}
	}
	return scaled, nil
}

func (d *deploymentController) scale(ctx context.Context, set *appsv1.ReplicaSet, to int32) (bool, error) {
	if replicasOf(set) == to {
		return false, nil
	}
	next := set.DeepCopy()
	next.Spec.Replicas = &to
	_, err := d.client.AppsV1().ReplicaSets(set.Namespace).Update(ctx, next, metav1.UpdateOptions{})
	return true, err
}

// make creates the ReplicaSet of the current template.
func (d *deploymentController) make(ctx context.Context, r *rollout) error {
	hash := templateHash(&r.Spec.Template)
	set := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{
		Name: r.Name + "-" + hash, Namespace: r.Namespace, Labels: withHash(r.Spec.Template.Labels, hash),
		Annotations:     map[string]string{revisionAnnotation: strconv.Itoa(r.lastRevision() + 1)},
		OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(r.Deployment, appsv1.SchemeGroupVersion.WithKind("Deployment"))},
	}}
	set.Spec.MinReadySeconds = r.Spec.MinReadySeconds
	set.Spec.Replicas = ptr.To(r.freshReplicas())
	set.Spec.Template = *r.Spec.Template.DeepCopy()
	set.Spec.Template.Labels = withHash(r.Spec.Template.Labels, hash)
	set.Spec.Selector = r.Spec.Selector.DeepCopy()
	set.Spec.Selector.MatchLabels = withHash(set.Spec.Selector.MatchLabels, hash)
	_, err := d.client.AppsV1().ReplicaSets(r.Namespace).Create(ctx, set, metav1.CreateOptions{})
	return err
}

func revisionOf(set *appsv1.ReplicaSet) int {
	n, _ := strconv.Atoi(set.Annotations[revisionAnnotation]) // none is 0
	return n
}

func (r *rollout) lastRevision() (last int) {
	for _, set := range r.old {
		last = max(last, revisionOf(set))
	}
	return last
}

// forget deletes old ReplicaSets beyond the history limit, oldest first.
func (d *deploymentController) forget(ctx context.Context, r *rollout) error {
	var idle []*appsv1.ReplicaSet
	for _, set := range r.old {
		if replicasOf(set) == 0 && set.Status.Replicas == 0 && set.Status.ObservedGeneration >= set.Generation && set.DeletionTimestamp == nil {
			idle = append(idle, set)
		}
	}
	slices.SortStableFunc(idle, func(a, b *appsv1.ReplicaSet) int { return revisionOf(a) - revisionOf(b) })
	for n := len(idle) - int(ptr.Deref(r.Spec.RevisionHistoryLimit, 10)); n > 0; n-- {
		if err := d.client.AppsV1().ReplicaSets(r.Namespace).Delete(ctx, idle[0].Name, withPrecondition(idle[0])); err != nil {
			return err
		}
		idle = idle[1:]
	}
	return nil
}

func (d *deploymentController) report(ctx context.Context, r *rollout) error {
	status := appsv1.DeploymentStatus{
		ObservedGeneration: r.Generation, CollisionCount: r.Status.CollisionCount,
		Conditions: slices.Clone(r.Status.Conditions),
	}
	for _, set := range r.all() {
		status.Replicas += set.Status.Replicas
		status.ReadyReplicas += set.Status.ReadyReplicas
		status.AvailableReplicas += set.Status.AvailableReplicas
	}
	if r.fresh != nil {
		status.UpdatedReplicas = r.fresh.Status.Replicas
	}
	status.UnavailableReplicas = max(replicasOf(r.all()...)-status.AvailableReplicas, 0)
	r.conditions(&status)
	if equality.Semantic.DeepEqual(status, r.Status) {
		return nil
	}
	next := r.DeepCopy()
	next.Status = status
	_, err := d.client.AppsV1().Deployments(r.Namespace).UpdateStatus(ctx, next, metav1.UpdateOptions{})
	return err
}

// conditions says whether enough pods serve, and how the rollout goes.
func (r *rollout) conditions(status *appsv1.DeploymentStatus) {
	_, unavailable := r.bounds()
	available := appsv1.DeploymentCondition{Type: appsv1.DeploymentAvailable, Status: corev1.ConditionFalse,
		Reason: "MinimumReplicasUnavailable", Message: "Deployment does not have minimum availability."}
	if status.AvailableReplicas >= r.wanted()-unavailable {
		available.Status, available.Reason, available.Message = corev1.ConditionTrue, "MinimumReplicasAvailable", "Deployment has minimum availability."
	}
	setDeploymentCondition(status, available)
	if r.fresh == nil {
		return
	}
	progressing := appsv1.DeploymentCondition{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionTrue,
		Reason: "ReplicaSetUpdated", Message: fmt.Sprintf("ReplicaSet %q is progressing.", r.fresh.Name)}
	if status.UpdatedReplicas == r.wanted() && status.Replicas == r.wanted() && status.AvailableReplicas == r.wanted() {
		progressing.Reason, progressing.Message = "NewReplicaSetAvailable", fmt.Sprintf("ReplicaSet %q has successfully progressed.", r.fresh.Name)
	}
	setDeploymentCondition(status, progressing)
}

func setDeploymentCondition(status *appsv1.DeploymentStatus, c appsv1.DeploymentCondition) {
	at := metav1.NewTime(now())
	c.LastTransitionTime, c.LastUpdateTime = at, at
	for i := range status.Conditions {
		old := &status.Conditions[i]
		if old.Type != c.Type {
			continue
		}
		if old.Status == c.Status && old.Reason == c.Reason {
			return
		}
		if old.Status == c.Status {
			c.LastTransitionTime = old.LastTransitionTime
		}
		*old = c
		return
	}
	status.Conditions = append(status.Conditions, c)
}

// sameTemplate compares pod templates but for the hash that a ReplicaSet adds.
func sameTemplate(a, b *corev1.PodTemplateSpec) bool {
	a, b = a.DeepCopy(), b.DeepCopy()
	delete(a.Labels, appsv1.DefaultDeploymentUniqueLabelKey)
	delete(b.Labels, appsv1.DefaultDeploymentUniqueLabelKey)
	return equality.Semantic.DeepEqual(a, b)
}

// templateHash is a name for a pod template, of the letters that the real one has.
func templateHash(template *corev1.PodTemplateSpec) string {
	body, err := json.Marshal(template)
	if err != nil {
		panic(fmt.Sprintf("cluster: a pod template that the server had given cannot be written: %v", err))
	}
	h := fnv.New32a()
	h.Write(body)
	return rand.SafeEncodeString(strconv.FormatUint(uint64(h.Sum32()), 10))
}

func withHash(labels map[string]string, hash string) map[string]string {
	out := map[string]string{appsv1.DefaultDeploymentUniqueLabelKey: hash}
	for k, v := range labels {
		out[k] = v
	}
	return out
}
