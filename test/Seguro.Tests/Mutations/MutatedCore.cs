using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;
using Seguro.Core;
using Seguro.Testing;
using Seguro.Tests.Repository;

namespace Seguro.Tests.Mutations;

/// <summary>Core with one line changed, built in memory, with the simulator and the tests loaded over it. Nothing of it meets the real one: only numbers and texts cross.</summary>
internal sealed class MutatedCore : AssemblyLoadContext, IDisposable
{
    private const string Folder = "src/Seguro.Core/";
    private const string TestsOfMembers = "Seguro.Tests.Core.Members.";
    private const string InvariantsFile = "Members/Member.cs";
    private const string InvariantsLine = "MemberInvariants.Check(_state, _master is not null);";
    private static readonly CSharpParseOptions Parsing = new(LanguageVersion.Latest);
    private static readonly Lazy<Dictionary<string, string>> Texts = new(static () => SourceFiles.CSharp
        .Where(static path => path.StartsWith(Folder, StringComparison.Ordinal)).ToDictionary(static path => path[Folder.Length..], SourceFiles.Read, StringComparer.Ordinal));
    private static readonly Lazy<CSharpCompilation> Unchanged = new(Compile);
    private readonly byte[] _core;

    private MutatedCore(string name, byte[] core)
        : base(name, isCollectible: true) => _core = core;

    /// <summary>Builds Core with a mistake.</summary>
    /// <remarks>The member's own invariants are off where the simulator is to find it: its checkers ask what is true, and not the one whom they check.</remarks>
    public static MutatedCore Build(Mutation mutation)
    {
        CSharpCompilation changed = Replace(Unchanged.Value, mutation.File, Apply(mutation, Texts.Value[mutation.File]));
        if (!mutation.IsForTest)
        {
            string member = mutation.File == InvariantsFile ? Apply(mutation, Texts.Value[InvariantsFile]) : Texts.Value[InvariantsFile];
            changed = Replace(changed, InvariantsFile, Once(member, InvariantsLine, ""));
        }
        using MemoryStream core = new();
        Microsoft.CodeAnalysis.Emit.EmitResult built = changed.Emit(core, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(built.Success, $"{mutation.Name} does not compile: {string.Join('\n', built.Diagnostics.Where(static one => one.Severity is DiagnosticSeverity.Error))}");
        return new MutatedCore(mutation.Name, core.ToArray());
    }

    /// <summary>The file with the mistake in it.</summary>
    public static string Apply(Mutation mutation, string text) => Once(text, mutation.Old, mutation.New);

    /// <summary>Runs a seed of the simulator; the name of the invariant that does not hold, a colon, and what happened; <see langword="null"/> where all hold.</summary>
    /// <param name="fleet">Nodes that hold several ships.</param>
    public Func<ulong, string?> Simulator(bool fleet)
    {
        Type probe = LoadFromAssemblyName(typeof(SimulationProbe).Assembly.GetName()).GetType(typeof(SimulationProbe).FullName!)!;
        return probe.GetMethod(fleet ? nameof(SimulationProbe.RunFleet) : nameof(SimulationProbe.Run))!.CreateDelegate<Func<ulong, string?>>();
    }

    /// <summary>Runs a test; what it found, or <see langword="null"/> where it passes.</summary>
    public async Task<string?> TestAsync(string name)
    {
        string[] parts = name.Split('.');
        Type type = LoadFromAssemblyName(typeof(MutatedCore).Assembly.GetName()).GetType(TestsOfMembers + parts[0], throwOnError: true)!;
        MethodInfo method = type.GetMethod(parts[1]) ?? throw new InvalidOperationException($"There is no test {name}.");
        Assert.Equal(typeof(FactAttribute), method.GetCustomAttribute<FactAttribute>()?.GetType());
        object tests = Activator.CreateInstance(type)!;
        try
        {
            if (method.Invoke(tests, []) is Task run)
                await run;
            return null;
        }
        catch (Exception found)
        {
            return (found is TargetInvocationException ? found.InnerException : found)!.Message;
        }
        finally
        {
            (tests as IDisposable)?.Dispose();
        }
    }

    public void Dispose() => Unload();

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (assemblyName.Name == typeof(Member).Assembly.GetName().Name)
        {
            using MemoryStream core = new(_core);
            return LoadFromStream(core);
        }
        // All that stands on Core meets this one.
        if (assemblyName.Name?.StartsWith("Seguro.", StringComparison.Ordinal) is true)
            return LoadFromAssemblyPath(Path.Combine(AppContext.BaseDirectory, assemblyName.Name + ".dll"));
        return null;
    }

    private static string Once(string text, string old, string changed)
    {
        int at = text.IndexOf(old, StringComparison.Ordinal);
        Assert.True(at >= 0 && text.IndexOf(old, at + 1, StringComparison.Ordinal) < 0, $"This is not in the file just once any more: {old}");
        return string.Concat(text.AsSpan(0, at), changed, text.AsSpan(at + old.Length));
    }

    private static CSharpCompilation Replace(CSharpCompilation compilation, string file, string text)
    {
        SyntaxTree before = compilation.SyntaxTrees.Single(tree => tree.FilePath == file);
        return compilation.ReplaceSyntaxTree(before, before.WithChangedText(SourceText.From(text)));
    }

    private static CSharpCompilation Compile()
    {
        AssemblyName name = typeof(Member).Assembly.GetName();
        string about = $"""
            global using System;
            global using System.Collections.Generic;
            global using System.IO;
            global using System.Linq;
            global using System.Threading;
            global using System.Threading.Tasks;
            global using EventLog = Seguro.Core.EventLog;
            [assembly: System.Reflection.AssemblyVersion("{name.Version}")]
            [assembly: System.Runtime.CompilerServices.InternalsVisibleTo("{typeof(SimulationProbe).Assembly.GetName().Name}")]
            [assembly: System.Runtime.CompilerServices.InternalsVisibleTo("{typeof(MutatedCore).Assembly.GetName().Name}")]
            """;
        string runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        return CSharpCompilation.Create(
            name.Name,
            [
                // One for all tests: none of them cancels it for the others.
                CSharpSyntaxTree.ParseText(about, Parsing, cancellationToken: CancellationToken.None),
                .. Texts.Value.Select(static pair => CSharpSyntaxTree.ParseText(pair.Value, Parsing, pair.Key, cancellationToken: CancellationToken.None)),
            ],
            Directory.GetFiles(runtime, "System*.dll").Where(static path => !path.Contains(".Native.", StringComparison.Ordinal)).Select(static path => MetadataReference.CreateFromFile(path)),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, nullableContextOptions: NullableContextOptions.Enable));
    }
}
