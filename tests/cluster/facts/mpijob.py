#!/usr/bin/env python3
"""mpijob.py FILE: prints what is wrong with an MPIJob of the MPI operator (v2beta1), a line each; then, after "options", the
options that its launcher gives to gan_dist."""
import os
import re
import sys

import yaml

JOB = {"slotsPerWorker", "launcherCreationPolicy", "runPolicy", "mpiReplicaSpecs"}
RUN_POLICY = {"cleanPodPolicy", "ttlSecondsAfterFinished", "activeDeadlineSeconds", "backoffLimit"}
POD = {"containers", "volumes", "terminationGracePeriodSeconds", "restartPolicy", "nodeSelector", "tolerations"}
CONTAINER = {"name", "image", "command", "args", "resources", "volumeMounts", "env", "imagePullPolicy", "securityContext"}
VOLUME = {"name", "persistentVolumeClaim", "emptyDir", "hostPath"}

findings = []


def need(condition, text):
    if not condition:
        findings.append(text)
    return condition


def only(where, mapping, keys):
    for key in mapping:
        need(key in keys, f"{where}: unknown key {key}")


def check_pod(name, pod):
    only(name, pod, POD)
    volumes = pod.get("volumes", [])
    for volume in volumes:
        only(f"{name} volume {volume.get('name')}", volume, VOLUME)
    mounted = set()
    for container in pod.get("containers", []):
        where = f"{name} container {container.get('name')}"
        only(where, container, CONTAINER)
        need(container.get("name") and container.get("image"), f"{where}: no name or no image")
        for word in container.get("command", []) + container.get("args", []):
            need(isinstance(word, str), f"{where}: {word!r} is not a string")
        for mount in container.get("volumeMounts", []):
            only(f"{where} mount", mount, {"name", "mountPath", "readOnly"})
            mounted.add(mount["name"])
    need(mounted == {v["name"] for v in volumes}, f"{name}: mounts {sorted(mounted)} are not its volumes")


def check_replicas(name, specs):
    spec = specs.get(name, {})
    only(name, spec, {"replicas", "restartPolicy", "template"})
    need(spec.get("restartPolicy") in ("Never", "OnFailure"), f"{name}: restartPolicy {spec.get('restartPolicy')}")
    pod = spec.get("template", {}).get("spec", {})
    if need(len(pod.get("containers", [])) == 1, f"{name}: not one container"):
        check_pod(name, pod)
    return spec.get("replicas"), (pod.get("containers") or [{}])[0]


def check(job):
    need(job.get("apiVersion") == "kubeflow.org/v2beta1", f"apiVersion {job.get('apiVersion')}")
    need(job.get("kind") == "MPIJob", f"kind {job.get('kind')}")
    need(re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", job.get("metadata", {}).get("name", "")), "metadata.name is no DNS label")
    spec = job.get("spec", {})
    only("spec", spec, JOB)
    only("runPolicy", spec.get("runPolicy", {}), RUN_POLICY)
    need(spec.get("runPolicy", {}).get("cleanPodPolicy") in ("None", "Running", "All"), "cleanPodPolicy")
    need(spec.get("launcherCreationPolicy") in ("AtStartup", "WaitForWorkersReady"), "launcherCreationPolicy")
    specs = spec.get("mpiReplicaSpecs", {})
    only("mpiReplicaSpecs", specs, {"Launcher", "Worker"})
    launchers, launcher = check_replicas("Launcher", specs)
    workers, worker = check_replicas("Worker", specs)
    slots = spec.get("slotsPerWorker")
    need(launchers == 1, f"{launchers} launchers")
    if need(isinstance(slots, int) and isinstance(workers, int) and slots * workers > 0, "no slots or no workers"):
        need(slots * workers & (slots * workers - 1) == 0, f"{slots * workers} ranks are no power of two")
        cpus = worker.get("resources", {}).get("limits", {}).get("cpu")
        need(cpus == slots, f"a worker has {cpus} cpus for {slots} ranks")
    command = launcher.get("command") or [""]
    need(os.access(command[0], os.X_OK), f"the launcher's command {command[0]} is not there")
    need(command[1:] == ["/etc/mpi/hostfile"], "the launcher's host file is not the operator's, /etc/mpi/hostfile")
    return launcher.get("args", [])


with open(sys.argv[1], encoding="utf-8") as file:
    options = check(yaml.safe_load(file))
print("".join(f"{sys.argv[1]}: {finding}\n" for finding in findings), end="")
print("options", *options)
