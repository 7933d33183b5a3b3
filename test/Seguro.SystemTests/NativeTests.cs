using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Seguro.Testing;

namespace Seguro.SystemTests;

/// <summary>libseguro, by C programs (<c>Native/</c>) that use it as its users do.</summary>
public sealed partial class NativeTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new("native");
    private readonly List<IAsyncDisposable> _servers = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable server in _servers)
            await server.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("lmdb")]
    [InlineData("postgresql")]
    [InlineData("dqlite")]
    [InlineData("etcd")]
    public async Task Every_function_does_what_the_header_says(string engine)
    {
        string program = await NativeProgram.BuildAsync(_folder, "gcc", ["surface.c"]);
        Assert.Equal("ok", (await Tool.RunAsync([program, .. await StoreAsync(engine)])).Trim());
    }

    /// <summary>Of the sanitizers, the C side is built with them, and the library is not: LeakSanitizer can't see into .NET's heap, so leaks of the library are valgrind's to find.</summary>
    [Theory]
    [InlineData("gcc", "surface.c")]
    [InlineData("gcc", "threads.c")]
    [InlineData("clang", "surface.c")]
    [InlineData("clang", "threads.c")]
    public async Task Both_compilers_and_their_sanitizers_find_nothing(string compiler, string source)
    {
        string[] address = source == "surface.c" ? ["-fsanitize=undefined"] : ["-fsanitize=address,undefined"]; // surface.c makes a fault on purpose
        string program = await NativeProgram.BuildAsync(_folder, compiler, [source], [.. address, "-fno-sanitize-recover=all"]);
        string suppressions = _folder["lsan"];
        await File.WriteAllTextAsync(suppressions, "leak:libseguro.so\n", Cancel);
        string url = source == "threads.c" ? $"sqlite:{_folder["t"]}" : $"sqlite:{_folder["log.db"]}";
        string said = await Tool.RunAsync(["env", $"LSAN_OPTIONS=suppressions={suppressions}:print_suppressions=0", program, url]);
        Assert.Equal("ok", said.Trim());
    }

    [Fact]
    public async Task Valgrind_finds_no_error_and_nothing_lost()
    {
        string program = await NativeProgram.BuildAsync(_folder, "gcc", ["threads.c"]);
        string log = _folder["valgrind"];
        string said = await Tool.RunAsync(
            ["valgrind", "--leak-check=full", "--errors-for-leak-kinds=definite", "--error-exitcode=9", $"--log-file={log}", program, $"sqlite:{_folder["t"]}"]);
        Assert.Equal("ok", said.Trim());
        string found = await File.ReadAllTextAsync(log, Cancel);
        Assert.Contains("ERROR SUMMARY: 0 errors", found, StringComparison.Ordinal);
        Assert.Contains("definitely lost: 0 bytes", found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_may_fork_before_and_is_told_after()
    {
        string program = await NativeProgram.BuildAsync(_folder, "gcc", ["forks.c"]);
        Assert.Equal("ok", (await Tool.RunAsync([program, $"sqlite:{_folder["f"]}"])).Trim());
    }

    [Fact]
    public async Task Unloading_it_is_refused()
    {
        string program = await NativeProgram.BuildAsync(_folder, "gcc", ["unloads.c"]);
        Assert.Equal("ok", (await Tool.RunAsync([program, Path.Combine(NativeProgram.Installed, "lib", "libseguro.so"), $"sqlite:{_folder["none.db"]}"])).Trim());
    }

    [Fact]
    public async Task An_event_of_a_gibibyte_needs_no_memory_for_it()
    {
        string program = await NativeProgram.BuildAsync(_folder, "gcc", ["large.c"]);
        string[] said = (await Tool.RunAsync([program, $"sqlite:{_folder["large.db"]}", (1L << 30).ToString(CultureInfo.InvariantCulture)])).Split(' ', '\n');
        Assert.Equal("ok", said[0]);
        Assert.InRange(long.Parse(said[1], CultureInfo.InvariantCulture), 1, 256 << 10); // KiB
    }

    /// <summary>kill −9 of the process in the middle of appends: what it said was committed is there, and all that is there is right.</summary>
    [Theory]
    [InlineData("sqlite")]
    [InlineData("lmdb")]
    [InlineData("postgresql")]
    public async Task A_process_that_is_killed_loses_nothing_that_it_was_told(string engine)
    {
        string program = await NativeProgram.BuildAsync(_folder, "gcc", ["writer.c"]);
        string[] store = await StoreAsync(engine);
        ulong last = 0;
        for (int round = 1; round <= 3; round++)
        {
            using Process writer = NativeProgram.Start(program, store);
            Task<string> errors = writer.StandardError.ReadToEndAsync(Cancel);
            ulong end = last + 200;
            while (last < end)
                last = ulong.Parse(await writer.StandardOutput.ReadLineAsync(Cancel) ?? throw new InvalidOperationException(await errors), CultureInfo.InvariantCulture);
            writer.Kill();
            while (await writer.StandardOutput.ReadLineAsync(Cancel) is { Length: > 0 } line)
                last = ulong.TryParse(line, CultureInfo.InvariantCulture, out ulong number) && number == last + 1 ? number : last; // the last line may be cut
            await writer.WaitForExitAsync(Cancel);
            await VerifyAsync(program, store[0], last);
        }
    }

    /// <summary>kill −9 of the database in the middle of appends, three times: the program campaigns again by itself and goes on.</summary>
    [Fact]
    public async Task A_database_that_is_killed_loses_nothing_that_it_committed()
    {
        string program = await NativeProgram.BuildAsync(_folder, "gcc", ["writer.c"]);
        PostgresCluster cluster = await PostgresCluster.StartAsync(standbys: 0);
        _servers.Add(cluster);
        string url = cluster.Url;
        using Process writer = NativeProgram.Start(program, url);
        Task<string> errors = writer.StandardError.ReadToEndAsync(Cancel);
        ulong last = 0;
        for (int round = 0; round <= 3; round++)
        {
            ulong end = last + 200;
            while (last < end)
            {
                ulong next = ulong.Parse(await writer.StandardOutput.ReadLineAsync(Cancel) ?? throw new InvalidOperationException(await errors), CultureInfo.InvariantCulture);
                Assert.True(next > last, $"{next} was committed after {last}");
                last = next;
            }
            if (round < 3)
                await cluster.CrashPrimaryAsync(Cancel);
        }
        writer.Kill();
        await writer.WaitForExitAsync(Cancel);
        await VerifyAsync(program, url, last);
    }

    [Fact]
    public async Task It_exports_what_the_header_declares_and_nothing_else_all_of_one_version()
    {
        string[] declared = [.. Declared().Matches(await File.ReadAllTextAsync(Path.Combine(NativeProgram.Installed, "include", "seguro.h"), Cancel))
            .Select(static match => match.Groups["name"].Value).Order(StringComparer.Ordinal)];
        string symbols = await Tool.RunAsync(["nm", "-D", "--defined-only", Path.Combine(NativeProgram.Installed, "lib", "libseguro.so")]);
        string[] exported = [.. symbols.Split('\n').Where(static line => line.Contains(" T ", StringComparison.Ordinal)).Select(static line => line.Split(' ')[^1]).Order(StringComparer.Ordinal)];
        Assert.True(declared.Length > 15);
        Assert.Equal(declared.Select(static name => $"{name}@@SEGURO_1"), exported);
        string dynamic = await Tool.RunAsync(["readelf", "-d", Path.Combine(NativeProgram.Installed, "lib", "libseguro.so")]);
        Assert.Contains("[libseguro.so.1]", dynamic, StringComparison.Ordinal);
        Assert.Contains("NODELETE", dynamic, StringComparison.Ordinal);
        string page = await File.ReadAllTextAsync(Path.Combine(NativeProgram.Installed, "share", "man", "man3", "seguro.3"), Cancel);
        Assert.All(declared, name => Assert.Contains(name, page, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_header_for_two_languages()
    {
        string header = Path.Combine(NativeProgram.Installed, "include", "seguro.h");
        await Tool.RunAsync(["clang", "-x", "c++", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", header]);
        await Tool.RunAsync(["gcc", "-x", "c", "-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", header]);
    }

    [Fact]
    public async Task A_program_can_hold_it_in_itself()
    {
        string program = _folder["static"];
        string lib = Path.Combine(NativeProgram.Installed, "lib");
        string[] privately = [.. (await NativeProgram.PackageAsync("--static", "--libs")).Where(static flag => flag is not "-lseguro")];
        await Tool.RunAsync(["gcc", .. NativeProgram.Strict, "-I", Path.Combine(NativeProgram.Installed, "include"), NativeProgram.Source("threads.c"), "-o", program,
            "-Wl,--gc-sections", Path.Combine(lib, "libseguro.a"), .. privately]);
        Assert.DoesNotContain("libseguro", await Tool.RunAsync(["ldd", program]), StringComparison.Ordinal);
        Assert.Equal("ok", (await Tool.RunAsync(["env", $"LD_LIBRARY_PATH={lib}", program, $"sqlite:{_folder["t"]}"])).Trim());
    }

    [Theory]
    [InlineData("seam_seguro.c", "sqlite:{0}/seam.db")]
    [InlineData("seam_seguro.c", "lmdb:{0}/seam")]
    [InlineData("seam_lmdb.c", "{0}")]
    public async Task Veres_five_functions_stand_on_it_as_on_LMDB(string library, string where)
    {
        string program = await NativeProgram.BuildAsync(_folder, "gcc", ["seam.c", library]);
        string said = await Tool.RunAsync([program, string.Format(CultureInfo.InvariantCulture, where, _folder.Path), "500", "1000", "5"]);
        Assert.Equal(100 + 2, said.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task The_example_of_the_docs_takes_over_where_another_left_off()
    {
        string program = await NativeProgram.BuildAsync(_folder, "gcc", ["samples/machine.c"]);
        string url = $"sqlite:{_folder["machine.db"]}";
        string first = await Tool.RunAsync([program, url, "m1"], "one\ntwo\none\n");
        string second = await Tool.RunAsync([program, url, "m2"], "one\n");
        Assert.Equal(["1: one (1)", "2: two (1)", "3: one (2)"], first.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(["4: one (3)"], second.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static async Task VerifyAsync(string program, string url, ulong least)
    {
        string said = await Tool.RunAsync([program, url, "verify", least.ToString(CultureInfo.InvariantCulture)]);
        Assert.StartsWith("ok ", said, StringComparison.Ordinal);
    }

    /// <summary>A store's URL, and where its certificates are.</summary>
    private async Task<string[]> StoreAsync(string engine)
    {
        switch (engine)
        {
            case "postgresql":
                PostgresCluster postgres = await PostgresCluster.StartAsync(standbys: 0);
                _servers.Add(postgres);
                return [postgres.Url];
            case "dqlite":
                DqliteCluster dqlite = await DqliteCluster.StartAsync(3, cancel: Cancel);
                _servers.Add(dqlite);
                return [dqlite.Url, dqlite.Certificates!];
            case "etcd":
                EtcdCluster etcd = await EtcdCluster.StartAsync(cancel: Cancel);
                _servers.Add(etcd);
                return etcd.Certificates is { } certificates ? [etcd.Url, certificates] : [etcd.Url];
            default:
                return [$"{engine}:{_folder["store"]}"];
        }
    }

    [GeneratedRegex(@"^(?:int|uint32_t|const char \*) ?(?<name>seguro_\w+)\(", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Declared();
}
