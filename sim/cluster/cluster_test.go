package cluster_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	"github.com/seatrial/seatrial/sim/cluster"
)

// Goal: the stand-ins do what controllers see of a cluster: objects come, in steps,
// and their status tells. Method: a user of a world without faults makes an object,
// waits and looks; one test for each stand-in.

func TestADeploymentBecomesAvailableAndRollsOut(t *testing.T) {
	record := live(t, 1, cluster.Options{Kubelet: &cluster.Kubelet{Nodes: 2}, Deployments: &cluster.Controller{}},
		step{0, createDeployment("web", 3)},
		step{20 * time.Second, func(ctx context.Context, t assert.TestingT, client kubernetes.Interface) {
			d, err := client.AppsV1().Deployments("default").Get(ctx, "web", metav1.GetOptions{})
			assert.NoError(t, err)
			assert.EqualValues(t, 3, d.Status.AvailableReplicas)
			assert.Equal(t, d.Generation, d.Status.ObservedGeneration)
			pods, err := client.CoreV1().Pods("default").List(ctx, metav1.ListOptions{})
			assert.NoError(t, err)
			assert.Len(t, pods.Items, 3)
			nodes, ips := map[string]bool{}, map[string]bool{}
			for _, p := range pods.Items {
				nodes[p.Spec.NodeName], ips[p.Status.PodIP] = true, true
				assert.Equal(t, corev1.PodRunning, p.Status.Phase)
			}
			assert.Len(t, nodes, 2, "pods are spread")
			assert.Len(t, ips, 3, "no two pods have one address")
			d.Spec.Template.Spec.Containers[0].Image = "app:2"
			_, err = client.AppsV1().Deployments("default").Update(ctx, d, metav1.UpdateOptions{})
			assert.NoError(t, err)
		}},
		step{90 * time.Second, func(ctx context.Context, t assert.TestingT, client kubernetes.Interface) {
			d, err := client.AppsV1().Deployments("default").Get(ctx, "web", metav1.GetOptions{})
			assert.NoError(t, err)
			assert.EqualValues(t, 3, d.Status.UpdatedReplicas)
			assert.EqualValues(t, 3, d.Status.Replicas)
			assert.Equal(t, "2", d.Annotations["deployment.kubernetes.io/revision"])
			sets, err := client.AppsV1().ReplicaSets("default").List(ctx, metav1.ListOptions{})
			assert.NoError(t, err)
			assert.Len(t, sets.Items, 2, "the old one stays, for a rollback")
			pods, err := client.CoreV1().Pods("default").List(ctx, metav1.ListOptions{})
			assert.NoError(t, err)
			assert.Len(t, pods.Items, 3)
			for _, p := range pods.Items {
				assert.Equal(t, "app:2", p.Spec.Containers[0].Image)
			}
		}},
	)
	judged(t, record)
	assert.Less(t, callsOf(record, cluster.ControllerManagerProcess), 80, "nobody writes in circles")
}

func TestPodsWithoutRoomStayPending(t *testing.T) {
	live(t, 1, cluster.Options{Kubelet: &cluster.Kubelet{Nodes: 2, CPU: "2"}, ReplicaSets: &cluster.Controller{}, Deployments: &cluster.Controller{}},
		step{0, func(ctx context.Context, t assert.TestingT, client kubernetes.Interface) {
			d := deployment("big", 3)
			d.Spec.Template.Spec.Containers[0].Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: *quantity("1500m")}
			got, err := client.AppsV1().Deployments("default").Create(ctx, d, metav1.CreateOptions{})
			made(t, got, err)
		}},
		step{30 * time.Second, func(ctx context.Context, t assert.TestingT, client kubernetes.Interface) {
			pods, err := client.CoreV1().Pods("default").List(ctx, metav1.ListOptions{})
			assert.NoError(t, err)
			var pending []corev1.Pod
			for _, p := range pods.Items {
				if p.Status.Phase == corev1.PodPending {
					pending = append(pending, p)
				}
			}
			if assert.Len(t, pending, 1, "two nodes have room for one each") {
				assert.Equal(t, "0/2 nodes are available: 2 Insufficient cpu.", pending[0].Status.Conditions[0].Message)
			}
			_, err = client.AppsV1().Deployments("default").Patch(ctx, "big", "application/merge-patch+json", []byte(`{"spec":{"replicas":2}}`), metav1.PatchOptions{})
			assert.NoError(t, err)
		}},
		step{60 * time.Second, func(ctx context.Context, t assert.TestingT, client kubernetes.Interface) {
			d, err := client.AppsV1().Deployments("default").Get(ctx, "big", metav1.GetOptions{})
			assert.NoError(t, err)
			assert.EqualValues(t, 2, d.Status.AvailableReplicas, "the one that waits goes first")
		}},
	)
}

func TestServicesGetEndpointsAndAddresses(t *testing.T) {
	all := cluster.Options{
		Kubelet: &cluster.Kubelet{}, Deployments: &cluster.Controller{}, Endpoints: &cluster.Controller{},
		EndpointSlices: &cluster.Controller{}, LoadBalancers: &cluster.LoadBalancers{}, KubernetesService: true,
	}
	live(t, 1, all,
		step{0, func(ctx context.Context, t assert.TestingT, client kubernetes.Interface) {
			createDeployment("web", 2)(ctx, t, client)
			got, err := client.CoreV1().Services("default").Create(ctx, &corev1.Service{
				ObjectMeta: metav1.ObjectMeta{Name: "web"},
				Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, Selector: map[string]string{"app": "web"}, Ports: []corev1.ServicePort{{Port: 80}}},
			}, metav1.CreateOptions{})
			made(t, got, err)
		}},
		step{20 * time.Second, func(ctx context.Context, t assert.TestingT, client kubernetes.Interface) {
			service, err := client.CoreV1().Services("default").Get(ctx, "web", metav1.GetOptions{})
			assert.NoError(t, err)
			assert.Len(t, service.Status.LoadBalancer.Ingress, 1)
			endpoints, err := client.CoreV1().Endpoints("default").Get(ctx, "web", metav1.GetOptions{})
			assert.NoError(t, err)
			if assert.Len(t, endpoints.Subsets, 1) {
				assert.Len(t, endpoints.Subsets[0].Addresses, 2)
			}
			list, err := client.DiscoveryV1().EndpointSlices("default").List(ctx, metav1.ListOptions{LabelSelector: "kubernetes.io/service-name=web"})
			assert.NoError(t, err)
			if assert.Len(t, list.Items, 1) && assert.Len(t, list.Items[0].Endpoints, 2) {
				assert.True(t, *list.Items[0].Endpoints[0].Conditions.Ready)
			}
			_, err = client.CoreV1().Endpoints("default").Get(ctx, "kubernetes", metav1.GetOptions{})
			assert.NoError(t, err)
			assert.NoError(t, client.CoreV1().Services("default").Delete(ctx, "web", metav1.DeleteOptions{}))
		}},
		step{30 * time.Second, func(ctx context.Context, t assert.TestingT, client kubernetes.Interface) {
			services, err := client.CoreV1().Services("default").List(ctx, metav1.ListOptions{})
			assert.NoError(t, err)
			assert.Len(t, services.Items, 1, "the load balancer's finalizer is taken away")
			list, err := client.DiscoveryV1().EndpointSlices("default").List(ctx, metav1.ListOptions{LabelSelector: "kubernetes.io/service-name=web"})
			assert.NoError(t, err)
			assert.Empty(t, list.Items)
		}},
	)
}

func TestNamespacesGetAccountAndCertificate(t *testing.T) {
	live(t, 1, cluster.Options{ServiceAccounts: &cluster.Controller{}, RootCA: &cluster.Controller{}},
		step{time.Second, func(ctx context.Context, t assert.TestingT, client kubernetes.Interface) {
			got, err := client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "mine"}}, metav1.CreateOptions{})
			made(t, got, err)
			secret, err := client.CoreV1().Secrets("mine").Create(ctx, &corev1.Secret{
				ObjectMeta: metav1.ObjectMeta{Name: "token", Annotations: map[string]string{corev1.ServiceAccountNameKey: "default"}}, Type: corev1.SecretTypeServiceAccountToken,
			}, metav1.CreateOptions{})
			made(t, secret, err)
		}},
		step{5 * time.Second, func(ctx context.Context, t assert.TestingT, client kubernetes.Interface) {
			_, err := client.CoreV1().ServiceAccounts("mine").Get(ctx, "default", metav1.GetOptions{})
			assert.NoError(t, err)
			ca, err := client.CoreV1().ConfigMaps("mine").Get(ctx, "kube-root-ca.crt", metav1.GetOptions{})
			assert.NoError(t, err)
			assert.Contains(t, ca.Data["ca.crt"], "CERTIFICATE")
			secret, err := client.CoreV1().Secrets("mine").Get(ctx, "token", metav1.GetOptions{})
			assert.NoError(t, err)
			assert.NotEmpty(t, secret.Data["token"])
			assert.NoError(t, client.CoreV1().ServiceAccounts("mine").Delete(ctx, "default", metav1.DeleteOptions{}))
		}},
		step{10 * time.Second, func(ctx context.Context, t assert.TestingT, client kubernetes.Interface) {
			_, err := client.CoreV1().ServiceAccounts("mine").Get(ctx, "default", metav1.GetOptions{})
			assert.NoError(t, err, "it is made anew")
			assert.NoError(t, client.CoreV1().Namespaces().Delete(ctx, "mine", metav1.DeleteOptions{}))
		}},
		step{30 * time.Second, func(ctx context.Context, t assert.TestingT, client kubernetes.Interface) {
			_, err := client.CoreV1().Namespaces().Get(ctx, "mine", metav1.GetOptions{})
			assert.Error(t, err, "nothing keeps it")
		}},
	)
}

func TestStatefulPodsComeInOrder(t *testing.T) {
	labels := map[string]string{"app": "db"}
	live(t, 1, cluster.Options{Kubelet: &cluster.Kubelet{}, StatefulSets: &cluster.Controller{}},
		step{0, func(ctx context.Context, t assert.TestingT, client kubernetes.Interface) {
			got, err := client.AppsV1().StatefulSets("default").Create(ctx, statefulSet("db", 3, labels), metav1.CreateOptions{})
			made(t, got, err)
		}},
		step{time.Second, func(ctx context.Context, t assert.TestingT, client kubernetes.Interface) {
			pods, err := client.CoreV1().Pods("default").List(ctx, metav1.ListOptions{})
			assert.NoError(t, err)
			if assert.Len(t, pods.Items, 1) {
				assert.Equal(t, "db-0", pods.Items[0].Name)
			}
		}},
		step{30 * time.Second, func(ctx context.Context, t assert.TestingT, client kubernetes.Interface) {
			s, err := client.AppsV1().StatefulSets("default").Get(ctx, "db", metav1.GetOptions{})
			assert.NoError(t, err)
			assert.EqualValues(t, 3, s.Status.ReadyReplicas)
			s.Spec.Template.Spec.Containers[0].Image = "app:2"
			s.Spec.Replicas = ptr.To[int32](2)
			_, err = client.AppsV1().StatefulSets("default").Update(ctx, s, metav1.UpdateOptions{})
			assert.NoError(t, err)
		}},
		step{90 * time.Second, func(ctx context.Context, t assert.TestingT, client kubernetes.Interface) {
			s, err := client.AppsV1().StatefulSets("default").Get(ctx, "db", metav1.GetOptions{})
			assert.NoError(t, err)
			assert.EqualValues(t, 2, s.Status.Replicas)
			assert.EqualValues(t, 2, s.Status.UpdatedReplicas)
			assert.Equal(t, s.Status.UpdateRevision, s.Status.CurrentRevision)
		}},
	)
}

func TestDaemonsRunOnEveryNodeThatTakesThem(t *testing.T) {
	options := cluster.Options{DaemonSets: &cluster.Controller{}, Kubelet: &cluster.Kubelet{
		Nodes: 3, Untainted: 2, Taints: []corev1.Taint{{Key: "special", Effect: corev1.TaintEffectNoSchedule}},
	}}
	live(t, 1, options,
		step{0, func(ctx context.Context, t assert.TestingT, client kubernetes.Interface) {
			got, err := client.AppsV1().DaemonSets("default").Create(ctx, daemonSet("agent"), metav1.CreateOptions{})
			made(t, got, err)
		}},
		step{20 * time.Second, func(ctx context.Context, t assert.TestingT, client kubernetes.Interface) {
			d, err := client.AppsV1().DaemonSets("default").Get(ctx, "agent", metav1.GetOptions{})
			assert.NoError(t, err)
			assert.EqualValues(t, 2, d.Status.DesiredNumberScheduled)
			assert.EqualValues(t, 2, d.Status.NumberReady)
			assert.NoError(t, client.CoreV1().Nodes().Delete(ctx, "node-1", metav1.DeleteOptions{}))
		}},
		step{40 * time.Second, func(ctx context.Context, t assert.TestingT, client kubernetes.Interface) {
			pods, err := client.CoreV1().Pods("default").List(ctx, metav1.ListOptions{})
			assert.NoError(t, err)
			assert.Len(t, pods.Items, 1)
		}},
	)
}

func TestJobsCompleteAndFail(t *testing.T) {
	for name, c := range map[string]struct {
		failRate  float64
		condition string
	}{"well": {0, "Complete"}, "badly": {1, "Failed"}} {
		t.Run(name, func(t *testing.T) {
			record := live(t, 1, cluster.Options{Jobs: &cluster.Controller{}, Kubelet: &cluster.Kubelet{FailRate: c.failRate}},
				step{0, func(ctx context.Context, t assert.TestingT, client kubernetes.Interface) {
					got, err := client.BatchV1().Jobs("default").Create(ctx, job("work"), metav1.CreateOptions{})
					made(t, got, err)
				}},
				step{4 * time.Minute, func(ctx context.Context, t assert.TestingT, client kubernetes.Interface) {
					j, err := client.BatchV1().Jobs("default").Get(ctx, "work", metav1.GetOptions{})
					assert.NoError(t, err)
					types := map[string]bool{}
					for _, condition := range j.Status.Conditions {
						types[string(condition.Type)] = true
					}
					assert.True(t, types[c.condition], "%+v", j.Status)
					assert.Zero(t, j.Status.Active)
				}},
			)
			judged(t, record)
		})
	}
}
