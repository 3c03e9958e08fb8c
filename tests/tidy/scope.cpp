// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A plugin for clang-tidy 14: no check walks what the system's headers declare. They are most of every translation
// unit, and nothing found there is shown. clangd limits its checks in the same way.
#include <clang-tidy/ClangTidyCheck.h>
#include <clang-tidy/ClangTidyModule.h>
#include <clang-tidy/ClangTidyModuleRegistry.h>

namespace {

using clang::ast_matchers::MatchFinder;

class ScopeCheck : public clang::tidy::ClangTidyCheck {
public:
    using ClangTidyCheck::ClangTidyCheck;

    void registerMatchers(MatchFinder* finder) override {
        finder->addMatcher(clang::ast_matchers::translationUnitDecl().bind("unit"), this);
    }

    // The unit is the first that is matched; its children are taken from the scope after that.
    void check(const MatchFinder::MatchResult& result) override {
        const auto* unit = result.Nodes.getNodeAs<clang::TranslationUnitDecl>("unit");
        std::vector<clang::Decl*> own;
        for (clang::Decl* decl : unit->decls()) {
            const auto where = result.SourceManager->getExpansionLoc(decl->getLocation());
            if (where.isValid() && !result.SourceManager->isInSystemHeader(where)) {
                own.push_back(decl);
            }
        }
        result.Context->setTraversalScope(own);
    }
};

class ScopeModule : public clang::tidy::ClangTidyModule {
public:
    void addCheckFactories(clang::tidy::ClangTidyCheckFactories& factories) override {
        factories.registerCheck<ScopeCheck>("sfc-scope");
    }
};

clang::tidy::ClangTidyModuleRegistry::Add<ScopeModule> registration("sfc",
                                                                    "keeps the checks out of the system's headers");

} // namespace
