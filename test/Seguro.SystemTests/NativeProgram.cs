using System.Diagnostics;
using Seguro.Testing;

namespace Seguro.SystemTests;

/// <summary>A C program of these tests, compiled against <c>artifacts/native</c> as its user would: by what pkg-config says.</summary>
internal static class NativeProgram
{
    /// <summary>Warnings are errors with both compilers.</summary>
    public static string[] Strict { get; } = ["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-O1", "-g", "-pthread"];

    /// <summary>Where <c>eng/native.sh</c> puts the library.</summary>
    public static string Installed { get; } = Path.Combine(SharedData.Repository, "artifacts", "native");

    private static string Sources => Path.Combine(SharedData.Repository, "test", "Seguro.SystemTests", "Native");

    /// <summary>The path of a source, of these tests or of the samples.</summary>
    public static string Source(string name) => name.Contains('/', StringComparison.Ordinal) ? Path.Combine(SharedData.Repository, name) : Path.Combine(Sources, name);

    /// <summary>Compiles and links it, against the shared library.</summary>
    /// <returns>The program's path.</returns>
    public static async Task<string> BuildAsync(TemporaryFolder folder, string compiler, IReadOnlyList<string> sources, params string[] flags)
    {
        if (!File.Exists(Path.Combine(Installed, "lib", "libseguro.so")))
            throw new InvalidOperationException("libseguro is not built. Run eng/native.sh, or ./test.sh, which does.");
        string program = folder[$"{Path.GetFileNameWithoutExtension(sources[0])}-{compiler}-{Guid.NewGuid():N}"];
        string[] library = sources.Contains("seam_lmdb.c") ? ["-llmdb"] : await PackageAsync("--cflags", "--libs");
        await Tool.RunAsync([compiler, .. Strict, "-I", Sources, "-I", Path.Combine(Installed, "include"), .. sources.Select(Source), "-o", program,
            .. library, $"-Wl,-rpath,{Path.Combine(Installed, "lib")}", "-ldl", .. flags]);
        return program;
    }

    /// <summary>What pkg-config says of the library.</summary>
    public static async Task<string[]> PackageAsync(params string[] asked)
    {
        string said = await Tool.RunAsync(["env", $"PKG_CONFIG_PATH={Path.Combine(Installed, "lib", "pkgconfig")}", "pkg-config", .. asked, "seguro"]);
        return said.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Starts it, with its output to be read.</summary>
    public static Process Start(string program, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
}
