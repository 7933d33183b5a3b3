using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using LightningDB;
using Microsoft.Data.Sqlite;
using RocksDbSharp;
using Seguro.Testing;

namespace Seguro.Benchmarks;

/// <summary>What a machine is made of and which versions are on it: figures mean little without. It tells no names of machines, users or folders.</summary>
internal static class MachineFacts
{
    /// <summary>Looks; what is not there is left out.</summary>
    public static Dictionary<string, string> Read()
    {
        Dictionary<string, string> facts = [];
        Add("processor", $"{Field("/proc/cpuinfo", "model name") ?? RuntimeInformation.OSArchitecture.ToString()}, {Environment.ProcessorCount} cores");
        if (Field("/proc/meminfo", "MemTotal") is { } memory && long.TryParse(memory.Split(' ')[0], CultureInfo.InvariantCulture, out long kilobytes))
            Add("memory", string.Create(CultureInfo.InvariantCulture, $"{kilobytes * 1024 / 1e9:0.0} GB"));
        Add("kernel", $"Linux {ReadLine("/proc/sys/kernel/osrelease")}");
        Add("distribution", File.Exists("/etc/os-release") ? File.ReadLines("/etc/os-release").FirstOrDefault(static line => line.StartsWith("PRETTY_NAME=", StringComparison.Ordinal))?[12..].Trim('"') : null);
        Add("disk", Disk(Path.GetTempPath()));
        Add(".NET", Environment.Version.ToString());
        // Results that were written a moment ago make no other program.
        string changed = Run("git", "-C", SharedData.Repository, "status", "--porcelain", "--", ":!docs") is { Length: > 0 } ? ", changed" : "";
        Add("Seguro", Run("git", "-C", SharedData.Repository, "describe", "--always") is { } revision ? revision + changed : null);
        Add("PostgreSQL", Directory.Exists("/usr/lib/postgresql")
            ? Directory.EnumerateFiles("/usr/lib/postgresql", "postgres", SearchOption.AllDirectories).Select(static file => Run(file, "--version")).FirstOrDefault()
            : null);
        Add("dqlite", Package("libdqlite0"));
        Add("etcd", Run("etcd", "--version"));
        Add("LMDB", $"liblmdb0 {Package("liblmdb0")} writes Seguro's; bare: {Version(() => typeof(LightningEnvironment).Assembly.GetName().Version?.ToString(3), "LightningDB")}");
        Add("SQLite", Version(Sqlite, ""));
        Add("RocksDB", Version(static () => typeof(RocksDb).Assembly.GetName().Version?.ToString(), "package"));
        Add("Npgsql", typeof(Npgsql.NpgsqlConnection).Assembly.GetName().Version?.ToString(3));
        Add("Go", Run("go", "version"));
        Add("go-dqlite", Package("golang-github-canonical-go-dqlite-dev"));
        Add("node", Run("node", "--version"));
        return facts;

        void Add(string name, string? value)
        {
            if (!string.IsNullOrWhiteSpace(value))
                facts[name] = value.Trim();
        }
    }

    /// <summary>The load averages of 1, 5 and 15 minutes.</summary>
    public static string Load() => string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..3]);

    /// <summary>The file system that holds a path, and the block device below it.</summary>
    private static string? Disk(string path)
    {
        // 36 35 98:0 /root /mount options - type source options
        string[]? best = File.ReadLines("/proc/self/mountinfo")
            .Select(static line => line.Split(' '))
            .Where(fields => path.StartsWith(fields[4], StringComparison.Ordinal))
            .MaxBy(static fields => fields[4].Length);
        if (best is null)
            return null;
        int dash = Array.IndexOf(best, "-");
        string type = best[dash + 1];
        string device = $"/sys/dev/block/{best[2]}";
        if (!Directory.Exists(device))
            return $"{type} without a block device";
        string whole = File.Exists(Path.Combine(device, "partition")) ? Path.Combine(device, "..") : device;
        string name = Path.GetFileName(best[dash + 2]);
        string model = ReadLine(Path.Combine(whole, "device", "model")) ?? "";
        string cache = ReadLine(Path.Combine(whole, "queue", "write_cache")) ?? "write cache unknown";
        return $"{type} on {name} {model} ({cache}; scheduler {ReadLine(Path.Combine(whole, "queue", "scheduler"))})".Replace("  ", " ");
    }

    private static string? Sqlite()
    {
        using SqliteConnection connection = new("Data Source=:memory:");
        connection.Open();
        return connection.ServerVersion;
    }

    private static string? Version(Func<string?> read, string prefix) => read() is { } version ? $"{prefix} {version}" : null;

    private static string? Package(string name) => Run("dpkg-query", "-W", "-f=${Version}", name);

    private static string? Field(string file, string name) => File.ReadLines(file)
        .Where(line => line.StartsWith(name, StringComparison.Ordinal))
        .Select(static line => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim())
        .FirstOrDefault();

    private static string? ReadLine(string file) => File.Exists(file) ? File.ReadLines(file).FirstOrDefault()?.Trim() : null;

    /// <summary>A program's first line; <see langword="null"/> where it is not there or fails.</summary>
    private static string? Run(string program, params string[] words)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, words) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? output.Split('\n')[0] : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
