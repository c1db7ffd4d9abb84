// Package cronjob puts Kubernetes' CronJob controller to sea. The trial is no
// test file because two modules run it: this one with the version that is
// right, and kubernetes136 with one that has a bug.
package cronjob

import (
	"context"
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	clientset "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/kubernetes/pkg/controller/cronjob"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/faults"
	"github.com/seatrial/seatrial/model"
)

// Run is how kube-controller-manager starts the controller, with one worker.
func Run(ctx context.Context, cfg *rest.Config) error {
	client := clientset.NewForConfigOrDie(cfg)
	factory := informers.NewSharedInformerFactory(client, 0)
	defer factory.Shutdown()
	c, err := cronjob.NewControllerV2(ctx, factory.Batch().V1().Jobs(), factory.Batch().V1().CronJobs(), client)
	if err != nil {
		return err
	}
	factory.Start(ctx.Done())
	c.Run(ctx, 1)
	return nil
}

const backup = `
apiVersion: batch/v1
kind: CronJob
metadata: {name: backup}
spec:
  schedule: 1,3 0 1 1 *
  timeZone: UTC
  concurrencyPolicy: Forbid
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: backup, image: backup}]}}}}`

const report = `
apiVersion: batch/v1
kind: CronJob
metadata: {name: report}
spec:
  schedule: 1 0 1 1 *
  timeZone: UTC
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: report, image: report}]}}}}`

// Trial has CronJobs that are due in the first minutes of the year 2000, which
// is when a run begins, and never again, so that the world comes to rest. Nothing
// works on their Jobs: what has been started is still running at the end.
func Trial() seatrial.Trial {
	return seatrial.Trial{
		Name:       "cronjob",
		Controller: Run,
		Objects:    seatrial.YAML(backup + "\n---" + report),
		Properties: []model.Property{model.Always("forbid", "A CronJob with concurrencyPolicy Forbid has one unfinished Job at most.", forbid)},
	}
}

// LostAnswer is the same with a plan of one step and one fault: the answer to the
// first creation of a Job is lost. The controller tries again and learns that
// there is one. What then? Up to 1.36 it asks for that Job in the namespace "",
// so that no try succeeds (https://github.com/kubernetes/kubernetes/pull/136920).
func LostAnswer() seatrial.Trial {
	tr := Trial()
	tr.Objects = seatrial.Manifests{}
	tr.Steps = []seatrial.Step{seatrial.Apply(10*time.Second, seatrial.YAML(backup))}
	tr.Faults = []faults.Rule{{ID: "lost", Kind: faults.TimeoutApplied, Limit: 1, Match: faults.Match{
		Verbs: []string{"create"}, Resources: []string{"jobs"},
	}}}
	return tr
}

func forbid(s *model.State) error {
	jobs := model.Objects[*batchv1.Job](s, "jobs.batch")
	for _, c := range model.Objects[*batchv1.CronJob](s, "cronjobs.batch") {
		running := 0
		for _, job := range jobs {
			if metav1.IsControlledBy(job, c) && job.Status.CompletionTime == nil {
				running++
			}
		}
		if c.Spec.ConcurrencyPolicy == batchv1.ForbidConcurrent && running > 1 {
			return fmt.Errorf("%d Jobs of %s/%s run at once", running, c.Namespace, c.Name)
		}
	}
	return nil
}
