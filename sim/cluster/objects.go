package cluster

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
)

// objects are what stand-ins need from the start, or give.
func (o *Options) objects() []runtime.Object {
	var out []runtime.Object
	if o.Kubelet != nil {
		for _, node := range o.Kubelet.nodes() {
			out = append(out, node)
		}
	}
	if o.Volumes != nil {
		out = append(out, o.Volumes.class())
	}
	if o.KubernetesService {
		out = append(out, kubernetesService()...)
	}
	return out
}

func (v *Volumes) class() *storagev1.StorageClass {
	mode := storagev1.VolumeBindingImmediate
	if v.WaitForConsumer {
		mode = storagev1.VolumeBindingWaitForFirstConsumer
	}
	return &storagev1.StorageClass{
		TypeMeta:    metav1.TypeMeta{APIVersion: "storage.k8s.io/v1", Kind: "StorageClass"},
		ObjectMeta:  metav1.ObjectMeta{Name: v.Class, Annotations: map[string]string{defaultClass: "true"}},
		Provisioner: volumeProvisioner, VolumeBindingMode: &mode,
		ReclaimPolicy: ptr.To(corev1.PersistentVolumeReclaimDelete),
	}
}

// apiServerIP is where the API server listens, behind the Service.
const apiServerIP = "172.18.0.1"

// kubernetesService is the Service by which pods reach the API server.
func kubernetesService() []runtime.Object {
	meta := metav1.ObjectMeta{Name: "kubernetes", Namespace: metav1.NamespaceDefault}
	service := &corev1.Service{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Service"}, ObjectMeta: meta}
	service.Labels = map[string]string{"component": "apiserver", "provider": "kubernetes"}
	service.Spec = corev1.ServiceSpec{
		ClusterIP: "10.0.0.1", Type: corev1.ServiceTypeClusterIP, SessionAffinity: corev1.ServiceAffinityNone,
		Ports: []corev1.ServicePort{{Name: "https", Protocol: corev1.ProtocolTCP, Port: 443, TargetPort: intstr.FromInt32(6443)}},
	}
	endpoints := &corev1.Endpoints{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Endpoints"}, ObjectMeta: meta}
	endpoints.Labels = map[string]string{discoveryv1.LabelSkipMirror: "true"}
	endpoints.Subsets = []corev1.EndpointSubset{{
		Addresses: []corev1.EndpointAddress{{IP: apiServerIP}},
		Ports:     []corev1.EndpointPort{{Name: "https", Port: 6443, Protocol: corev1.ProtocolTCP}},
	}}
	slice := &discoveryv1.EndpointSlice{TypeMeta: metav1.TypeMeta{APIVersion: "discovery.k8s.io/v1", Kind: "EndpointSlice"}, ObjectMeta: meta}
	slice.Labels = map[string]string{discoveryv1.LabelServiceName: "kubernetes"}
	slice.AddressType = discoveryv1.AddressTypeIPv4
	slice.Endpoints = []discoveryv1.Endpoint{{Addresses: []string{apiServerIP}, Conditions: discoveryv1.EndpointConditions{Ready: ptr.To(true)}}}
	slice.Ports = []discoveryv1.EndpointPort{{Name: ptr.To("https"), Port: ptr.To[int32](6443), Protocol: ptr.To(corev1.ProtocolTCP)}}
	return []runtime.Object{service, endpoints, slice}
}
