using System.Globalization;
using Seguro.Node.Admin;

namespace Seguro.Benchmarks;

/// <summary>
/// The processor time of a cluster's processes, in seconds since their starts (<c>/proc/PID/stat</c>): unlike latencies and rates, it hardly depends on what else the machine does.
/// </summary>
internal readonly record struct ProcessTimes(double Master, double Replicas, double Nodes, double Balancer, double Client)
{
    private const double TicksPerSecond = 100;

    public double All => Master + Replicas + Nodes + Balancer + Client;

    /// <summary>Reads them.</summary>
    public static async Task<ProcessTimes> ReadAsync(ClusterSubject subject, CancellationToken cancel)
    {
        double master = 0, replicas = 0, nodes = 0;
        foreach (string name in subject.Members.Names)
        {
            StatusReport status = await subject.Members.AskAsync(name, client => client.ReadStatusAsync(cancel));
            if (status.Role == "master")
                master += Of(status.Process);
            else
                replicas += Of(status.Process);
            nodes += ProcessMemory.ReadChildren("", status.Process).Sum(static child => Of(child.Id));
        }
        nodes += subject.DatabaseProcesses.Sum(Of);
        return new ProcessTimes(master, replicas, nodes, Of(subject.Members.Balancer), Environment.CpuUsage.TotalTime.TotalSeconds);
    }

    public static ProcessTimes operator -(ProcessTimes to, ProcessTimes from) => new(
        to.Master - from.Master, to.Replicas - from.Replicas, to.Nodes - from.Nodes, to.Balancer - from.Balancer, to.Client - from.Client);

    public static ProcessTimes operator +(ProcessTimes one, ProcessTimes other) => new(
        one.Master + other.Master, one.Replicas + other.Replicas, one.Nodes + other.Nodes, one.Balancer + other.Balancer, one.Client + other.Client);

    /// <summary>Of the master and of the database beside it, in seconds: its own dqlite node, or all servers of PostgreSQL.</summary>
    public static double OfMaster(ClusterSubject subject, StatusReport master) =>
        Of(master.Process) + ProcessMemory.ReadChildren("", master.Process).Sum(static child => Of(child.Id)) + subject.DatabaseProcesses.Sum(Of);

    /// <summary>Of one process, in seconds.</summary>
    public static double Of(int id)
    {
        string text = File.ReadAllText($"/proc/{id}/stat"); // the second field, the name, may hold anything
        string[] fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }
}
