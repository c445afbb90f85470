package resolve

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

func readiness(name string, ready corev1.ConditionStatus) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: name, UID: types.UID("uid-of-" + name)},
		Status: corev1.PodStatus{Phase: corev1.PodRunning,
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}},
	}
}

func readyTargets(names ...string) []Target {
	var targets []Target
	for _, name := range names {
		targets = append(targets, Target{Namespace: "n", Pod: name, UID: types.UID("uid-of-" + name)})
	}
	return targets
}

func TestReadyWaitsForAll(t *testing.T) {
	for _, pods := range []int{2, fewPods + 1} { // asked for one by one, and listed
		synctest.Test(t, func(t *testing.T) {
			client := fake.NewClientset()
			var names []string
			for i := range pods {
				names = append(names, fmt.Sprintf("web-%d", i))
				if err := client.Tracker().Add(readiness(names[i], corev1.ConditionFalse)); err != nil {
					t.Fatal(err)
				}
			}
			became := map[string]time.Duration{}
			for i, name := range names {
				became[name] = settle + time.Duration(i+2)*time.Second
				time.AfterFunc(became[name]-time.Millisecond, func() {
					if err := client.Tracker().Update(corev1.SchemeGroupVersion.WithResource("pods"), readiness(name, corev1.ConditionTrue), "n"); err != nil {
						t.Error(err)
					}
				})
			}
			began := time.Now()
			err := Ready(t.Context(), client, append(readyTargets(names...), readyTargets(names[0])...), time.Minute)
			if took := time.Since(began); err != nil || took != became[names[pods-1]] {
				t.Errorf("%d pods: error %v after %s, want none after %s", pods, err, took, became[names[pods-1]])
			}
			verb := client.Actions()[0].GetVerb()
			if want := map[bool]string{true: "list", false: "get"}[pods > fewPods]; verb != want {
				t.Errorf("%d pods were asked for by %s, want %s", pods, verb, want)
			}
		})
	}
}

// A pod that was told to restart looks ready until its kubelet has noticed.
func TestReadyIsNotFooledByTheStateBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := fake.NewClientset(readiness("a", corev1.ConditionTrue))
		for at, ready := range map[time.Duration]corev1.ConditionStatus{settle - time.Second: corev1.ConditionFalse, settle + 1500*time.Millisecond: corev1.ConditionTrue} {
			time.AfterFunc(at, func() {
				if err := client.Tracker().Update(corev1.SchemeGroupVersion.WithResource("pods"), readiness("a", ready), "n"); err != nil {
					t.Error(err)
				}
			})
		}
		began := time.Now()
		if err := Ready(t.Context(), client, readyTargets("a"), time.Minute); err != nil || time.Since(began) != settle+2*time.Second {
			t.Errorf("error %v after %s", err, time.Since(began))
		}
	})
}

func TestReadyGivesUpOnWhatWillNeverBe(t *testing.T) {
	for want, change := range map[string]func(*corev1.Pod){
		`pod "a" was replaced`:     func(p *corev1.Pod) { p.UID = "other" },
		`pod "a" is being deleted`: func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{Time: time.Now()} },
		`pod "a" has ended`:        func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed },
		`pod "a" is gone`:          func(p *corev1.Pod) { p.Name = "b" },
	} {
		p := readiness("a", corev1.ConditionTrue)
		change(p)
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			err := Ready(t.Context(), fake.NewClientset(p), readyTargets("a"), time.Minute)
			if err == nil || err.Error() != want || time.Since(began) != settle {
				t.Errorf("error %v after %s, want %s", err, time.Since(began), want)
			}
		})
	}
}

func TestReadyHasATimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := fake.NewClientset(readiness("a", corev1.ConditionFalse), readiness("b", corev1.ConditionFalse))
		began := time.Now()
		err := Ready(t.Context(), client, readyTargets("a", "b"), 5*time.Second)
		if took := time.Since(began); took != 5*time.Second || err == nil || err.Error() != `pod "a" and 1 more are not ready after 5s` {
			t.Errorf("error %v after %s", err, took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		if err := Ready(ctx, client, readyTargets("a"), 0); err == nil || err.Error() != `pod "a" is not ready after 2s` {
			t.Errorf("error %v at the caller's own deadline", err)
		}
		because := errors.New("Ctrl-C")
		stopped, stop := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { stop(because) })
		if err := Ready(stopped, client, readyTargets("a"), time.Minute); !errors.Is(err, because) {
			t.Errorf("error %v, want the interrupt", err)
		}
	})
}

func TestReadyAsksAgainWhereItHelps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := fake.NewClientset(readiness("a", corev1.ConditionTrue))
		asked := 0
		client.PrependReactor("get", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
			asked++
			return asked < 3, nil, apierrors.NewInternalError(errors.New("etcd has no leader"))
		})
		if err := Ready(t.Context(), client, readyTargets("a"), time.Minute); err != nil || asked != 3 {
			t.Errorf("error %v after %d requests", err, asked)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		client := fake.NewClientset()
		client.PrependReactor("get", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
			return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "a", errors.New("no"))
		})
		began := time.Now()
		err := Ready(t.Context(), client, readyTargets("a"), time.Minute)
		if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), `getting pod "a"`) || time.Since(began) != settle {
			t.Errorf("error %v after %s, want the refusal at once", err, time.Since(began))
		}
	})
}
