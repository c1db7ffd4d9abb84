package kubernetes

import (
	"context"
	"testing"
	"time"

	"k8s.io/client-go/informers"
	clientset "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/kubernetes/pkg/controller/job"

	"github.com/seatrial/seatrial"
)

// runJobs is how kube-controller-manager starts the controller, with one worker.
func runJobs(ctx context.Context, cfg *rest.Config) error {
	client := clientset.NewForConfigOrDie(cfg)
	factory := informers.NewSharedInformerFactory(client, 0)
	defer factory.Shutdown()
	c, err := job.NewController(ctx, client, factory.Core().V1().Pods(), factory.Batch().V1().Jobs(), nil, nil)
	if err != nil {
		return err
	}
	factory.Start(ctx.Done())
	c.Run(ctx, 1)
	return nil
}

func TestJob(t *testing.T) {
	seatrial.Check(t, seatrial.Trial{
		Name:       "job",
		Controller: runJobs,
		Processes:  []seatrial.Process{kubelet(5 * time.Second)},
		Objects:    seatrial.Files("testdata/jobs.yaml"),
		// "The same program may sometimes be started twice", says the Job
		// documentation: how many pods there were is not promised. That the Job
		// counts as many successes as it should is.
		Ignore: []string{"pods"},
	})
}
