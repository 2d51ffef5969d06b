import { test } from "node:test";
import {
  approverUnits,
  containerdUnit,
  kernelModules,
  kubeadmDropIn,
  kubeletUnit,
  modulesFile,
  sysctlFile,
  sysctls,
} from "../../provider/kubeadm/units";
import { golden, listing } from "./golden";

test("systemd units", () => {
  const approver = approverUnits({ name: "pulumi-kubeadm-approve", program: "/usr/local/sbin/approve", every: 15 });
  const dropIns = [kubeadmDropIn(), kubeadmDropIn("/usr/local/bin/kubelet", "/etc/sysconfig/kubelet")];
  golden("units", listing([containerdUnit(), kubeletUnit(), ...dropIns, ...approver]));
});

test("kernel modules and sysctls", () => {
  const plain = [modulesFile(kernelModules()), sysctlFile(sysctls([4]))];
  golden("kernel", listing([...plain, modulesFile(kernelModules("vxlan")), sysctlFile(sysctls([4, 6]))]));
});
